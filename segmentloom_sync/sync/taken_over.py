"""The statements with which a person's word moves a list from one destination of the settings to another."""

from __future__ import annotations

from datetime import datetime

from segmentloom_sync.sync import replacement_sql
from segmentloom_sync.sync.lease import Lease
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Statement, Warehouse

# Where both have a row, which of them is right isn't known: that identifier is sent anew.
_IN_DOUBT = """
update {ledger}
set
    state = 'sent',
    may_hold = true
where
    destination = :keeper
    and list_id = :list_id
    and (identifier_type || ':' || identifier) in (
        select own.identifier_type || ':' || own.identifier
        from {ledger} as own
        where
            own.destination = :destination
            and own.list_id = :list_id
    )
    and {lease}
"""

_OWN = """
delete from {ledger}
where
    destination = :destination
    and list_id = :list_id
    and (identifier_type || ':' || identifier) in (
        select kept.identifier_type || ':' || kept.identifier
        from {ledger} as kept
        where
            kept.destination = :keeper
            and kept.list_id = :list_id
    )
    and {lease}
"""

_MOVED = """
update {table}
set destination = :destination
where
    destination = :keeper
    and list_id = :list_id
    and {lease}
"""

_FORGOTTEN = """
delete from {table}
where
    destination = :keeper
    and list_id = :list_id
    and {lease}
"""

_ANEW = """
update {ledger}
set
    state = 'sent',
    may_hold = true
where
    destination = :destination
    and list_id = :list_id
    and {lease}
"""


def take_over(
    warehouse: Warehouse, target: SyncTarget, list_id: str, keeper: str, lease: Lease, now: datetime
) -> list[Statement]:
    """Statements that give a target what another destination has recorded of a list.

    Its runs stay under the name that they had, and a replacement under way ends.

    Args:
        keeper: the other destination's name.
        lease: of the target; the caller has the other's, too.
    """
    parameters = {"destination": target.destination_name, "keeper": keeper, "list_id": list_id}
    ledger = warehouse.relation("ledger", "sync")
    names = {"replacements": warehouse.relation("replacements", "sync"), "lease": lease.condition}
    # It goes by tokens of runs under the other name: which of those sent what anew is not known here.
    dropped = Statement(
        replacement_sql.DROP.format(**names),
        {**parameters, "destination": keeper, "now": now, **lease.parameters},
    )
    texts = [
        *(text.format(ledger=ledger, lease=lease.condition) for text in (_IN_DOUBT, _OWN)),
        *(
            _MOVED.format(table=warehouse.relation(name, "sync"), lease=lease.condition)
            for name in ("ledger", "lists", "batches", "match_rates", "replacements")
        ),
        *(
            _FORGOTTEN.format(table=warehouse.relation(name, "sync"), lease=lease.condition)
            for name in ("accounts", "in_step")
        ),
    ]
    return [dropped, *(Statement(text, {**parameters, **lease.parameters}) for text in texts)]


def send_anew(warehouse: Warehouse, target: SyncTarget, list_id: str, lease: Lease) -> Statement:
    """A statement after which nothing is known of what a list holds: all its identifiers are sent anew.

    Of a receiver that keeps no lists the name is the id, so that another one's list has the same.
    """
    return Statement(
        _ANEW.format(ledger=warehouse.relation("ledger", "sync"), lease=lease.condition),
        {"destination": target.destination_name, "list_id": list_id, **lease.parameters},
    )
