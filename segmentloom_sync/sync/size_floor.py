"""Warns of lists that are too small for their platform to use: it takes them, and shows nobody an ad."""

from __future__ import annotations

from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse

_PEOPLE = """
select count(distinct rows_of_list.member_key) as people
from (
    select member_key
    from {ledger}
    where
        destination = :destination
        and list_id = :list_id
        and state in ('pending', 'sent', 'accepted')
    {limit}
) as rows_of_list
"""
_ENOUGH_ROWS = 10
"""So many rows for each person of a floor are looked at first: only a small list is counted whole."""


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


def people_in_ledger(warehouse: Warehouse, target: SyncTarget, list_id: str, floor: int) -> int:
    """How many people a list shall hold by its ledger; where it is `floor` or more, any such number."""
    for limit in (f"limit {floor * _ENOUGH_ROWS}", ""):
        [(people,)] = warehouse.rows(
            _PEOPLE.format(ledger=warehouse.relation("ledger", "sync"), limit=limit),
            destination=target.destination_name,
            list_id=list_id,
        )
        if people >= floor:
            break
    return int(people)
