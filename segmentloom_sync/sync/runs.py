"""The record of runs in `S_sync.runs`, and what a run reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.errors import PutOff, SegmentloomError
from segmentloom_sync.sync.lease import Lease
from segmentloom_sync.sync.plan import PlanCounts
from segmentloom_sync.sync.reconciliation import Reconciliation
from segmentloom_sync.sync.replacement import Replacement
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.sync.telemetry import PUT_OFF
from segmentloom_sync.warehouse.base import Warehouse

Status = Literal["ok", "held", "partial", "failed", "retry_later"]

_EXIT_CODES: dict[Status, int] = {"ok": 0, "partial": 1, "failed": 1, "retry_later": 3, "held": 4}
_WORST_FIRST = (2, 1, 3, 4, 0)


@dataclass(slots=True)
class RunReport:
    """What became of one audience at one destination.

    `adds` and `removes` are identifiers; they equal `accepted + rejected + unknown + held_back`, where
    unknown is all that has no answer of the platform, sent or not, and `held_back` what a guard, or a saved
    plan that does not hold, kept from being sent. `refused_later` is what the platform did not apply of
    earlier runs, by its reasons, `waiting` what it took, in this run or earlier, and has not answered, and
    `warnings` what a person should know of the list. `reconciliation` is there where the platform was asked
    about the list, `replacement` where all that the list holds is being replaced. `is_given_up` is set when
    the destination did not answer, on this list or one before, `only_opt_outs` when the run did not take the
    list otherwise. `error` is what ended it, and `told_by` the one error that tells people of this list and
    of others. `settled` is set where the list was put off: what has an answer already, by operation.
    """

    run_id: str
    audience: str
    destination: str
    list_name: str
    adds: int = 0
    removes: int = 0
    members_added: int = 0
    members_removed: int = 0
    accepted: int = 0
    rejected: int = 0
    held_back: int = 0
    waiting: int = 0
    refused_later: Mapping[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    reconciliation: Reconciliation | None = None
    replacement: Replacement | None = None
    is_given_up: bool = False
    only_opt_outs: bool = False
    status: Status = "ok"
    message: str | None = None
    hint: str | None = None
    evaluated_at: datetime | None = None
    released_by: str | None = None
    exit_code: int = 0
    error: SegmentloomError | None = None
    told_by: SegmentloomError | None = None
    settled: Mapping[str, int] = field(default_factory=dict)

    @property
    def unknown(self) -> int:
        """Identifiers without an answer: not sent though nothing held them, or sent and not answered."""
        return self.adds + self.removes - self.accepted - self.rejected - self.held_back

    def planned(self, counts: PlanCounts, *, only_private: bool = False) -> None:
        """Take over the size of the plan, or only that of its removals for privacy."""
        if only_private:
            self.removes = counts.private_removes
            return
        self.adds, self.removes = counts.adds, counts.removes
        self.members_added, self.members_removed = counts.members_added, counts.members_removed

    def held(self, counts: PlanCounts) -> None:
        """A guard holds the plan, all but its removals for privacy."""
        self.held_back = counts.adds + counts.removes - counts.private_removes

    def takes_up(self, earlier: RunReport) -> None:
        """Begin where an attempt that was put off has left the list."""
        self.refused_later = Counter(earlier.refused_later)
        self.warnings = list(earlier.warnings)
        self.reconciliation, self.replacement = earlier.reconciliation, earlier.replacement

    def includes(self, earlier: RunReport) -> None:
        """Count what an attempt that was put off has done, once the list's own record is written."""
        self.adds += earlier.settled.get("add", 0)
        self.removes += earlier.settled.get("remove", 0)
        self.accepted += earlier.accepted
        self.rejected += earlier.rejected
        self.members_added = max(self.members_added, earlier.members_added)
        self.members_removed = max(self.members_removed, earlier.members_removed)

    def withheld(self) -> None:
        """Nothing of the plan was sent, by choice."""
        self.held_back = self.adds + self.removes

    def ends(
        self,
        status: Status,
        message: str | None = None,
        hint: str | None = None,
        exit_code: int | None = None,
    ) -> None:
        """Set how it ended.

        Args:
            exit_code: where an error says so itself; default: that of the status.
        """
        self.status, self.message, self.hint = status, message, hint
        self.exit_code = _EXIT_CODES[status] if exit_code is None else exit_code

    def as_attributes(self) -> dict[str, str | int | bool]:
        """What a trace tells of it: names of ours and counts."""
        counts = ("adds", "removes", "accepted", "rejected", "unknown", "held_back", "waiting")
        told = {name: getattr(self, name) for name in ("run_id", "status", *counts)}
        if isinstance(self.error, PutOff):
            return {**told, "status": PUT_OFF}
        return {**told, "error": self.status} if self.exit_code else told

    def as_json(self) -> dict[str, Any]:
        """Stable keys for `--json`."""
        return {
            "audience": self.audience,
            "destination": self.destination,
            "list": self.list_name,
            "adds": self.adds,
            "removes": self.removes,
            "members_added": self.members_added,
            "members_removed": self.members_removed,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "unknown": self.unknown,
            "held_back": self.held_back,
            "waiting": self.waiting,
            "status": self.status,
            "message": self.message,
            "hint": self.hint,
            "warnings": self.warnings,
            "reconciliation": self.reconciliation.as_json() if self.reconciliation else None,
            "replacement": self.replacement.as_json() if self.replacement else None,
            "is_given_up": self.is_given_up,
            "only_opt_outs": self.only_opt_outs,
            "evaluated_at": self.evaluated_at.isoformat() if self.evaluated_at else None,
            "run_id": self.run_id,
        }


def described(reasons: Mapping[str, int]) -> str:
    """Reasons and how often each was given, in one line."""
    return ", ".join(f"{reason}: {number}" for reason, number in sorted(reasons.items()))


def worst_exit_code(codes: Iterable[int]) -> int:
    """The exit code of several runs: 2, 1, 3, 4, 0, whichever comes first."""
    found = set(codes)
    return next((code for code in _WORST_FIRST if code in found), 0)


def open_run(warehouse: Warehouse, clock: Clock, target: SyncTarget, lease: Lease, report: RunReport) -> None:
    """Record that a run has begun, and who released it; what stays `running` has been killed."""
    only_opt_outs = "true" if target.only_opt_outs else "false"
    released_by = ":released_by" if report.released_by else "null"
    warehouse.execute(
        f"""
        insert into {_runs(warehouse)} (
            run_id, audience, destination, list_name, fencing_token, started_at, status,
            only_opt_outs, released_by
        )
        values (
            :run_id, :audience, :destination, :list_name, :token, :now, 'running',
            {only_opt_outs}, {released_by}
        )
        """,
        run_id=report.run_id,
        audience=target.audience,
        destination=target.destination_name,
        list_name=target.list_name,
        token=lease.token,
        now=clock.now(),
        **({"released_by": report.released_by} if report.released_by else {}),
    )


def close_run(warehouse: Warehouse, clock: Clock, report: RunReport, list_id: str | None) -> None:
    """Record how a run ended."""
    values: dict[str, Any] = {
        "list_id": list_id,
        "evaluated_at": report.evaluated_at,
        "finished_at": clock.now(),
        "adds": report.adds,
        "removes": report.removes,
        "members_added": report.members_added,
        "members_removed": report.members_removed,
        "accepted": report.accepted,
        "rejected": report.rejected,
        "unknown": report.unknown,
        "status": report.status,
        "message": report.message,
        "is_given_up": report.is_given_up,
    }
    given = {name: value for name, value in values.items() if value is not None}
    assignments = ", ".join(f"{name} = :{name}" for name in given)
    warehouse.execute(
        f"update {_runs(warehouse)} set {assignments} where run_id = :run_id", run_id=report.run_id, **given
    )


def settled_identifiers(warehouse: Warehouse, run_id: str) -> Mapping[str, int]:
    """The identifiers of a run that the platform took or refused, by operation."""
    rows = warehouse.rows(
        f"""
        select
            operation,
            sum(accepted + rejected) as identifiers
        from {warehouse.relation("batches", "sync")}
        where run_id = :run_id
        group by 1
        """,
        run_id=run_id,
    )
    return {str(operation): int(number or 0) for operation, number in rows}


def was_given_up(warehouse: Warehouse, destination: str) -> bool:
    """Whether the newest run that ended at a destination, on whatever list, gave it up."""
    rows = warehouse.rows(
        f"""
        select is_given_up
        from {_runs(warehouse)}
        where
            destination = :destination
            and finished_at is not null
        order by
            finished_at desc,
            started_at desc
        limit 1
        """,
        destination=destination,
    )
    return bool(rows and rows[0][0])


def unfinished_audiences(warehouse: Warehouse, followed: Collection[tuple[str, str]]) -> list[str]:
    """Audiences whose newest run at some list has to be tried again; removals of opt-outs alone are none.

    Args:
        followed: destination and name of the lists that count.
    """
    rows = warehouse.rows(
        f"""
        with

        newest as (

            select
                runs.audience,
                runs.destination,
                runs.list_name,
                runs.status
            from {_runs(warehouse)} as runs
            where not coalesce(runs.only_opt_outs, false)
            qualify
                row_number() over (
                    partition by runs.destination, runs.list_name, runs.audience
                    order by runs.started_at desc
                ) = 1

        )

        select
            audience,
            destination,
            list_name
        from newest
        where status in ('retry_later', 'running')
        """
    )
    return sorted({str(audience) for audience, *place in rows if tuple(place) in followed})


def _runs(warehouse: Warehouse) -> str:
    return warehouse.relation("runs", "sync")
