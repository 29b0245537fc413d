"""Plans lists and keeps what is needed to apply the plan later, or to tell that it can't be."""

from __future__ import annotations

from collections.abc import Sequence

from segmentloom_sync import __version__
from segmentloom_sync.privacy.tables import ensure_key
from segmentloom_sync.sync.environment import Environment, environment_id
from segmentloom_sync.sync.lists import remembered_list
from segmentloom_sync.sync.plan import delta
from segmentloom_sync.sync.plan_basis import basis_of, moves
from segmentloom_sync.sync.plan_digest import change_digest, sample
from segmentloom_sync.sync.plan_file import Home, PlannedList, SavedPlan
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.session import scratch_name
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Statement


def home_of(runner: SyncRunner, environment: Environment, project: str) -> Home:
    """Where plans of this connection belong."""
    identity = environment_id(runner.warehouse, environment, runner.clock.now())
    return Home(project=project, target=environment.target, place=environment.place, environment_id=identity)


def plan_to_save(
    runner: SyncRunner, home: Home, targets: Sequence[SyncTarget]
) -> tuple[list[RunReport], SavedPlan | None]:
    """Plan every list.

    Args:
        runner: its connection can write; nothing is sent.

    Returns:
        The reports, and the plan; None when a list could not be planned.
    """
    ensure_key(runner.warehouse, runner.clock.now())
    reports, planned = [], []
    for target in targets:
        report, entry = _plan(runner, target)
        reports.append(report)
        planned += [entry] if entry else []
    if len(planned) < len(targets) or not planned:
        return reports, None
    return reports, SavedPlan(
        made_at=runner.clock.now(), made_with=__version__, home=home, lists=tuple(planned)
    )


def _plan(runner: SyncRunner, target: SyncTarget) -> tuple[RunReport, PlannedList | None]:
    warehouse = runner.warehouse
    known = remembered_list(warehouse, target)
    list_id = known.id if known else None
    basis = basis_of(warehouse, target, list_id)
    report = runner.plan(target)
    if report.status not in ("ok", "held"):
        return report, None
    query = delta(warehouse, target, list_id, runner.clock.now())
    changing = f"select * from ({query.sql}) as plan where plan.action <> 'keep'"
    relation = warehouse.scratch_table_as(
        scratch_name("saved_plan", target), "sync", Statement(changing, query.parameters)
    )
    try:
        entry = PlannedList(
            audience=target.audience,
            destination=target.destination_name,
            list=target.list_name,
            adds=report.adds,
            removes=report.removes,
            members_added=report.members_added,
            members_removed=report.members_removed,
            status="held" if report.status == "held" else "ok",
            sample_added=(samples := sample(warehouse, relation))["add"],
            sample_removed=samples["remove"],
            computed_from=basis,
            digest=change_digest(warehouse, relation),
        )
    finally:
        warehouse.drop(relation)
    moved = moves(basis, basis_of(warehouse, target, list_id))
    if moved:
        report.ends("failed", f"while it was planned {'; '.join(moved)}", "plan again")
        return report, None
    return report, entry
