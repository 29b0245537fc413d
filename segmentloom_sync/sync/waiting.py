"""How many changes a platform took and has not answered yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from segmentloom_sync.sync.bound_lists import bound_lists
from segmentloom_sync.sync.plan import UNCONFIRMED
from segmentloom_sync.warehouse.base import Warehouse

# As the plan has it: a removal that overtook an addition waits for the answers to both.
_WAITING = """
with

unconfirmed as (

    select distinct
        run_id,
        batch_number
    from {batches}
    where
        state = 'processing'
        and finished_at > :unconfirmed_since

)

select
    ledger.destination,
    ledger.list_name,
    count(*) as identifiers
from {ledger} as ledger
inner join ({bound}) as bound
    on
        ledger.destination = bound.destination
        and ledger.list_name = bound.list_name
        and ledger.list_id = bound.list_id
left join unconfirmed
    on
        ledger.run_id = unconfirmed.run_id
        and ledger.batch_number = unconfirmed.batch_number
left join unconfirmed as overtaken
    on
        ledger.overtaken_run_id = overtaken.run_id
        and ledger.overtaken_batch_number = overtaken.batch_number
where
    unconfirmed.run_id is not null
    or overtaken.run_id is not null
group by 1, 2
"""


def waiting_identifiers(warehouse: Warehouse, now: datetime) -> Mapping[tuple[str, str], int]:
    """The identifiers whose addition or removal waits for an answer, by destination and list name.

    Args:
        warehouse: an open connection to a target that has the sync's tables; nothing is written.
        now: the time; what waited too long is sent again and does not wait.

    Returns:
        Only lists where something waits.

    Raises:
        WarehouseError: the warehouse refuses the query.
    """
    rows = warehouse.rows(
        _WAITING.format(
            batches=warehouse.relation("batches", "sync"),
            ledger=warehouse.relation("ledger", "sync"),
            bound=bound_lists(warehouse),
        ),
        unconfirmed_since=now - UNCONFIRMED,
    )
    return {(str(destination), str(name)): int(number) for destination, name, number in rows}
