"""Warns of lists that are too small for their platform to use: it takes them, and shows nobody an ad."""

from __future__ import annotations

from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse

_PEOPLE = """
select count(distinct member_key) as people
from {ledger}
where
    destination = :destination
    and list_id = :list_id
    and state in ('pending', 'sent', 'accepted')
"""


def floor_warning(target: SyncTarget, people: int, *, is_bound: bool = False) -> str | None:
    """What to say of a list, or None.

    Args:
        people: who may be sent; not all of them match.
        is_bound: whether that is only an upper bound.
    """
    floor = target.destination.min_matched
    if floor is None or people >= floor:
        return None
    number = f"{'at most ' * is_bound}{people:,} {'person' if people == 1 else 'people'}"
    return (
        f"the list '{target.list_name}' at {target.destination_name} has {number} to match, "
        f"and {target.destination.type} uses no list with fewer than {floor:,} matched people"
    )


def people_in_ledger(warehouse: Warehouse, target: SyncTarget, list_id: str) -> int:
    """How many people a list shall hold by its ledger."""
    [(people,)] = warehouse.rows(
        _PEOPLE.format(ledger=warehouse.relation("ledger", "sync")),
        destination=target.destination_name,
        list_id=list_id,
    )
    return int(people)
