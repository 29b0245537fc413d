"""What the records say of each list, as metrics: of all lists, whichever the last command took.

Labels are the names of audiences, destinations and lists; there is nothing of people in them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from segmentloom_sync import __version__
from segmentloom_sync.sync.prometheus_text import Metric, Sample
from segmentloom_sync.sync.runs import Status
from segmentloom_sync.sync.state import list_states
from segmentloom_sync.warehouse.base import Warehouse

STATUSES = (*get_args(Status), "running")
LEDGER_STATES = ("accepted", "open", "rejected")
OUTCOMES = ("accepted", "rejected", "unknown")
PREFIX = "segmentloom_"

# A run that a guard held or that failed before its plan has no counts.
_TOTALS = """
select
    runs.destination,
    runs.list_name,
    runs.status,
    count(*) as run_count,
    sum(coalesce(runs.accepted, 0)) as accepted,
    sum(coalesce(runs.rejected, 0)) as rejected,
    sum(coalesce(runs.unknown, 0)) as unanswered,
    max(case when not coalesce(runs.only_opt_outs, false) then runs.finished_at end) as finished_at
from {runs} as runs
group by 1, 2, 3
"""

_NEWEST = """
select
    runs.destination,
    runs.list_name,
    runs.adds,
    runs.removes,
    runs.members_added,
    runs.members_removed,
    runs.accepted,
    runs.rejected,
    runs.unknown,
    runs.evaluated_at
from {runs} as runs
where not coalesce(runs.only_opt_outs, false)
qualify
    row_number() over (
        partition by runs.destination, runs.list_name
        order by runs.started_at desc
    ) = 1
"""

Place = tuple[str, str]


def list_metrics(warehouse: Warehouse, now: datetime) -> list[Metric]:
    """The metrics of all lists that were ever synced.

    Args:
        warehouse: an open connection; nothing is written.
        now: the time.
    """
    metrics = _Metrics()
    metrics.add("build_info", {"version": __version__}, 1)
    states = list_states(warehouse, now)
    if not states:
        return metrics.all
    runs = warehouse.relation("runs", "sync")
    newest = {(row[0], row[1]): row[2:] for row in warehouse.rows(_NEWEST.format(runs=runs))}
    totals: dict[Place, dict[str, tuple[Any, ...]]] = defaultdict(dict)
    for destination, name, status, *counts in warehouse.rows(_TOTALS.format(runs=runs)):
        totals[destination, name][status] = tuple(counts)
    for state in states:
        place = state["destination"], state["list"]
        labels = {"audience": state["audience"], "destination": place[0], "list": place[1]}
        _add_state(metrics, labels, state)
        _add_newest(metrics, labels, newest[place])
        _add_totals(metrics, labels, totals[place])
    return metrics.all


def _add_state(metrics: _Metrics, labels: Mapping[str, str], state: Mapping[str, Any]) -> None:
    for name in LEDGER_STATES:
        metrics.add("list_identifiers", {**labels, "state": name}, state[name])
    metrics.add("list_waiting_identifiers", labels, state["waiting"])
    metrics.add_time("list_last_run_started_timestamp_seconds", labels, state["started_at"])
    metrics.add_time("list_last_run_finished_timestamp_seconds", labels, state["finished_at"])
    for status in STATUSES:
        metrics.add("list_last_run_status", {**labels, "status": status}, status == state["status"])


def _add_newest(metrics: _Metrics, labels: Mapping[str, str], row: tuple[Any, ...]) -> None:
    adds, removes, added, removed, *outcomes, evaluated_at = row
    for operation, identifiers, members in (("add", adds, added), ("remove", removes, removed)):
        named = {**labels, "operation": operation}
        metrics.add("list_last_run_planned_identifiers", named, identifiers or 0)
        metrics.add("list_last_run_planned_members", named, members or 0)
    for outcome, number in zip(OUTCOMES, outcomes, strict=True):
        metrics.add("list_last_run_identifiers", {**labels, "outcome": outcome}, number or 0)
    metrics.add_time("list_last_evaluation_timestamp_seconds", labels, evaluated_at)


def _add_totals(
    metrics: _Metrics, labels: Mapping[str, str], by_status: Mapping[str, tuple[Any, ...]]
) -> None:
    for status in STATUSES[:-1]:  # one that goes on, or was killed, has not ended
        count = by_status[status][0] if status in by_status else 0
        metrics.add("list_runs_total", {**labels, "status": status}, count)
    for position, outcome in enumerate(OUTCOMES, start=1):
        total = sum(counts[position] for counts in by_status.values())
        metrics.add("list_sent_identifiers_total", {**labels, "outcome": outcome}, total)
    if "ok" in by_status:
        metrics.add_time("list_last_success_timestamp_seconds", labels, by_status["ok"][4])


_HELP = {
    "build_info": "The version that wrote this; the value is always 1.",
    "list_identifiers": "Identifiers in the ledger of a list, by what the platform said of them.",
    "list_waiting_identifiers": "Identifiers that the platform took and has not answered yet.",
    "list_last_run_started_timestamp_seconds": "When the newest run of a list began.",
    "list_last_run_finished_timestamp_seconds": "When it ended; absent while it goes on.",
    "list_last_run_status": "1 for the status of the newest run of a list, 0 for the others.",
    "list_last_run_planned_identifiers": "Identifiers that the newest run of a list had to add and remove.",
    "list_last_run_planned_members": "Profiles of these identifiers.",
    "list_last_run_identifiers": "Identifiers of the newest run of a list, by what became of them.",
    "list_last_evaluation_timestamp_seconds": "Of when the members are that the newest run sent.",
    "list_last_success_timestamp_seconds": "When a run of a list last ended with status ok.",
    "list_runs_total": "Runs of a list that ended, by status.",
    "list_sent_identifiers_total": "Identifiers of all runs of a list, by what became of them.",
}


class _Metrics:
    """Metrics in the order of `_HELP`."""

    def __init__(self) -> None:
        self._known = {
            name: Metric(PREFIX + name, "counter" if name.endswith("_total") else "gauge", text)
            for name, text in _HELP.items()
        }

    @property
    def all(self) -> list[Metric]:
        return list(self._known.values())

    def add(self, name: str, labels: Mapping[str, str], value: float) -> None:
        self._known[name].samples.append(Sample(labels, float(value)))

    def add_time(self, name: str, labels: Mapping[str, str], moment: datetime | None) -> None:
        if moment is not None:
            self.add(name, labels, moment.timestamp())
