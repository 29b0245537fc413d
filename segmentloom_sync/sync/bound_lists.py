"""Which list stands behind a name now: a name that went to another account has had a list in each."""

from __future__ import annotations

from segmentloom_sync.warehouse.base import Warehouse

_BOUND = """
    select
        lists.destination,
        lists.list_name,
        lists.list_id
    from {lists} as lists
    where true
    qualify
        row_number() over (
            partition by lists.destination, lists.list_name
            order by lists.recorded_at desc
        ) = 1
"""


def bound_lists(warehouse: Warehouse) -> str:
    """A query of destination, list_name and list_id, one row per name of a list: that bound last."""
    return _BOUND.format(lists=warehouse.relation("lists", "sync"))
