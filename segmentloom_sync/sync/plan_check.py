"""Whether a saved change is still what would be sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from segmentloom_sync.errors import PlanMoved
from segmentloom_sync.sync.lists import remembered_list
from segmentloom_sync.sync.plan import delta
from segmentloom_sync.sync.plan_basis import basis_of, moves
from segmentloom_sync.sync.plan_digest import change_digest
from segmentloom_sync.sync.plan_file import PlannedList
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse


def require_unmoved(
    warehouse: Warehouse,
    target: SyncTarget,
    planned: PlannedList,
    now: datetime,
    *,
    newest_token: int | None = None,
) -> None:
    """Compare all that a change was computed from, and the change itself.

    Args:
        newest_token: the fencing token of the newest run before the one that asks; default: of all.

    Raises:
        PlanMoved: something moved; says what.
    """
    known = remembered_list(warehouse, target)
    list_id = known.id if known else None
    found = moves(planned.computed_from, basis_of(warehouse, target, list_id, fencing_token=newest_token))
    if found:
        raise _moved(planned, "; ".join(found))
    query = delta(warehouse, target, list_id, now)
    require_equal(warehouse, planned, f"({query.sql})", query.parameters)


def require_equal(
    warehouse: Warehouse,
    planned: PlannedList,
    relation: str,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Compare the change itself, down to each identifier.

    Args:
        relation: as `plan_digest.change_digest` has it.

    Raises:
        PlanMoved: something else would be sent.
    """
    if change_digest(warehouse, relation, parameters) != planned.digest:
        raise _moved(
            planned,
            "other people or identifiers would be sent: tables were written without a build, or time went by "
            "after which additions are repeated",
        )


def require_counts(planned: PlannedList, counts: tuple[int, int, int, int]) -> None:
    """Compare what the file says for people to read with what it is about.

    Args:
        counts: adds, removes, members added and members removed.

    Raises:
        PlanMoved: the file says something else than would be sent.
    """
    said = (planned.adds, planned.removes, planned.members_added, planned.members_removed)
    if said != counts:
        raise _moved(planned, "its counts are not those of the change: the file was edited")


def _moved(planned: PlannedList, reason: str) -> PlanMoved:
    return PlanMoved(
        f"the plan of the list '{planned.list}' at {planned.destination} does not hold any more: {reason}",
        hint=f"nothing was sent; plan again: segmentloom-sync plan {planned.audience} --save FILE",
        reason=reason,
    )
