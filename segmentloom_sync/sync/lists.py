"""Which list at the platform belongs to a target: found by name or created once, and remembered."""

from __future__ import annotations

from segmentloom_sync.destinations.base import AudienceList, Clock
from segmentloom_sync.sync.lease import Lease
from segmentloom_sync.sync.retry import Attempts
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Statement, Warehouse


def remembered_list(warehouse: Warehouse, target: SyncTarget) -> AudienceList | None:
    """The list as recorded, without asking the platform."""
    rows = warehouse.rows(
        f"""
        select list_id
        from {warehouse.relation("lists", "sync")}
        where
            destination = :destination
            and list_name = :list_name
        order by recorded_at desc
        """,
        destination=target.destination_name,
        list_name=target.list_name,
    )
    return AudienceList(str(rows[0][0]), target.list_name) if rows else None


def resolve_list(
    warehouse: Warehouse, clock: Clock, target: SyncTarget, lease: Lease, attempts: Attempts
) -> AudienceList:
    """The remembered list, else the platform's list of that name, else a new one.

    A list that was remembered is never looked up or created again: see `forget_list`.
    """
    known = remembered_list(warehouse, target)
    if known is not None:
        return known
    created = False

    def find_or_create() -> AudienceList:
        # Looked up before each attempt: a creation that timed out may have happened.
        nonlocal created
        attempts.heartbeat()
        found = target.destination.find_list(target.list_name)
        if found is not None:
            return found
        created = True
        return target.destination.create_list(target.list_name, target.identifier_types)

    audience_list = attempts.call(find_or_create)
    warehouse.execute(
        f"""
        insert into {warehouse.relation("lists", "sync")} (
            destination, list_name, list_id, audience, is_created, recorded_at
        )
        select :destination, :list_name, :list_id, :audience, :is_created, :now
        from (select 1 as one) as single
        where {lease.condition}
        """,
        destination=target.destination_name,
        list_name=target.list_name,
        list_id=audience_list.id,
        audience=target.audience,
        is_created=created,
        now=clock.now(),
        **lease.parameters,
    )
    return AudienceList(audience_list.id, target.list_name)


def forget_list(warehouse: Warehouse, target: SyncTarget, lease: Lease, list_id: str) -> None:
    """Forget a list that is gone at the platform, with all that it held."""
    parameters = {"destination": target.destination_name, "list_id": list_id, **lease.parameters}
    deletions = [
        Statement(
            f"""
            delete from {warehouse.relation(table, "sync")}
            where
                destination = :destination
                and list_id = :list_id
                and {lease.condition}
            """,
            parameters,
        )
        for table in ("ledger", "lists")
    ]
    warehouse.apply([lease.renewal(), *deletions])
