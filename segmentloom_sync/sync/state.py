"""What the sync's tables say of each list: for `status`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pytz import BaseTzInfo

from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.sync.bound_lists import bound_lists
from segmentloom_sync.sync.cadence import due_at
from segmentloom_sync.sync.evaluations import failed_evaluations, published_evaluations
from segmentloom_sync.sync.replacement import replacements_under_way
from segmentloom_sync.sync.unsettled import unsettled_audiences
from segmentloom_sync.sync.waiting import waiting_identifiers
from segmentloom_sync.warehouse.base import Warehouse

_LISTS = """
with

newest as (

    select runs.*
    from {runs} as runs
    where not coalesce(runs.only_opt_outs, false)
    qualify
        row_number() over (
            partition by runs.destination, runs.list_name
            order by runs.started_at desc
        ) = 1

),

held as (

    select
        destination,
        list_id,
        sum(case when state = 'accepted' then 1 else 0 end) as accepted,
        sum(case when state in ('pending', 'sent', 'removing') then 1 else 0 end) as open_rows,
        sum(case when state = 'rejected' then 1 else 0 end) as rejected
    from {ledger}
    group by 1, 2

)

select
    newest.audience,
    newest.destination,
    newest.list_name,
    newest.list_id,
    coalesce(held.accepted, 0) as accepted,
    coalesce(held.open_rows, 0) as open_rows,
    coalesce(held.rejected, 0) as rejected,
    newest.status,
    newest.message,
    newest.started_at,
    newest.finished_at
from newest
left join ({bound}) as bound
    on
        newest.destination = bound.destination
        and newest.list_name = bound.list_name
left join held
    on
        newest.destination = held.destination
        and bound.list_id = held.list_id
order by
    newest.audience,
    newest.destination,
    newest.list_name
"""

_KEYS = (
    "audience",
    "destination",
    "list",
    "list_id",
    "accepted",
    "open",
    "rejected",
    "status",
    "message",
    "started_at",
    "finished_at",
)


def list_states(warehouse: Warehouse, now: datetime) -> list[dict[str, Any]]:
    """One entry for each list that was ever synced: what it holds, and how its newest run ended.

    `replacement` is None, or the `Replacement` of all that it holds that is under way.

    A run that is `running` and whose process has gone was killed; the next run goes on from the ledger.
    """
    if not warehouse.exists("runs", "sync"):
        return []
    rows = warehouse.rows(
        _LISTS.format(
            runs=warehouse.relation("runs", "sync"),
            ledger=warehouse.relation("ledger", "sync"),
            bound=bound_lists(warehouse),
        )
    )
    lists = [dict(zip(_KEYS, row, strict=True)) for row in rows]
    waiting = waiting_identifiers(warehouse, now)
    replaced = replacements_under_way(warehouse)
    for entry in lists:
        entry["replacement"] = replaced.get((entry["destination"], entry["list"]))
        entry["waiting"] = waiting.get((entry["destination"], entry["list"]), 0)
    return lists


def audience_states(
    warehouse: Warehouse, audiences: Mapping[str, Audience], now: datetime, zone: BaseTzInfo
) -> list[dict[str, Any]]:
    """When each audience was last evaluated, and when `run --due` takes it next.

    Args:
        audiences: by name.
        zone: of the hours and days of cadences.

    Returns:
        `due_at` is not after `now` for what is due, and None for an audience that no run takes by itself.
    """
    evaluated, failed = published_evaluations(warehouse), failed_evaluations(warehouse)
    unsettled = unsettled_audiences(warehouse, audiences)
    return [
        {
            "audience": name,
            "cadence": audience.cadence,
            "evaluated_at": evaluated.get(name),
            "failed_tests": failed[name][1] if name in failed else None,
            "due_at": (
                None
                if not audience.sync
                else now
                if name in unsettled
                else due_at(audience.cadence, evaluated.get(name), now, zone)
            ),
        }
        for name, audience in audiences.items()
    ]
