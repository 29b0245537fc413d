"""Who of an audience may be sent, found once for a run: its counts of identifiers and its plan go by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from segmentloom_sync.privacy.suppressed import has_suppressions
from segmentloom_sync.sync.opted_out_sql import opted_out
from segmentloom_sync.sync.sendable_sql import (
    ANYBODY,
    BARRED,
    ELIGIBLE,
    LISTED,
    OF_LIST,
    ROW_MOVED,
    consent_condition,
)
from segmentloom_sync.sync.session import scratch_name
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Statement, Warehouse


@dataclass(frozen=True, slots=True)
class Sendable:
    """Three relations.

    Attributes:
        hashed: the hashed identifiers: all, or those of whoever has one that a plan looks at.
        eligible: `profile_id` of the members who may be sent.
        barred: who opted out, and what may not be sent for that: `entry` (profile or identifier),
            `identifier_type` and `value`; right for the members, for who is on the list and for what they
            share with others.
    """

    hashed: str
    eligible: str
    barred: str


@contextmanager
def sendable_members(
    warehouse: Warehouse,
    target: SyncTarget,
    list_id: str | None,
    *,
    concerned: str | None = None,
    moved: str | None = None,
    hashed: str | None = None,
) -> Iterator[Sendable]:
    """Keep in scratch tables, until the end of the block, who of the published members may be sent.

    Args:
        list_id: None while it is not known: then of all who are on any list of the destination is asked.
        concerned: a query of `profile_id`; of no others the answer has to be right. Default: of all.
        moved: a relation of identifiers; of no others on the list is asked. Default: of all.
        hashed: the hashed identifiers of whoever has one of `moved`. Default: all there are.

    Raises:
        WarehouseError: the warehouse refuses the queries.
    """
    kept: list[str] = []
    hashed = hashed or warehouse.relation("hashed_identifiers")
    try:
        members = published_members(warehouse, target.audience)
        asked = members
        if concerned is not None:
            asked = Statement(concerned)
            members = Statement(f"{members.sql} and profile_id in ({concerned})", members.parameters)
        query = _barred(warehouse, target, list_id, asked, hashed, moved)
        kept.append(warehouse.scratch_table_as(scratch_name("barred", target), "sync", query))
        query = eligible_query(warehouse, target, members, kept[0])
        kept.append(warehouse.scratch_table_as(scratch_name("eligible", target), "sync", query))
        yield Sendable(hashed=hashed, eligible=kept[1], barred=kept[0])
    finally:
        for relation in kept:
            warehouse.drop(relation)


def sendable_query(warehouse: Warehouse, target: SyncTarget) -> Statement:
    """The same members as a query, which writes nothing."""
    members = published_members(warehouse, target.audience)
    barred = _barred(warehouse, target, None, members, warehouse.relation("hashed_identifiers"))
    query = eligible_query(warehouse, target, members, f"({barred.sql})")
    return Statement(query.sql, {**barred.parameters, **query.parameters})


def wants_anybody(warehouse: Warehouse, target: SyncTarget, sendable: Sendable) -> bool:
    """Whether a list that does not exist yet would hold anybody; cheaper than to count."""
    kinds = kind_parameters(target)
    sql = ANYBODY.format(
        hashed_identifiers=sendable.hashed,
        kinds=", ".join(f":{name}" for name in kinds),
        eligible=sendable.eligible,
        barred=sendable.barred,
    )
    return bool(warehouse.rows(sql, hash_rule=target.destination.hash_rule, **kinds))


def eligible_query(warehouse: Warehouse, target: SyncTarget, members: Statement, barred: str) -> Statement:
    """A query of `profile_id`: who of some members may be sent.

    Args:
        members: a query of `profile_id`.
        barred: as `Sendable` has it.
    """
    sql = ELIGIBLE.format(
        profiles=warehouse.relation("profiles"),
        members=members.sql,
        barred=barred,
        consent=consent_condition(target.consent_rule),
    )
    return Statement(sql, members.parameters)


def published_members(warehouse: Warehouse, audience: str) -> Statement:
    """The members of an audience as last published."""
    membership = warehouse.relation("audience_membership")
    return Statement(
        f"select profile_id from {membership} where audience = :audience", {"audience": audience}
    )


def kind_parameters(target: SyncTarget) -> dict[str, str]:
    """What is sent of each member, as parameters `kind_0` and so on."""
    return {f"kind_{position}": kind for position, kind in enumerate(target.identifier_types)}


def _barred(
    warehouse: Warehouse,
    target: SyncTarget,
    list_id: str | None,
    members: Statement,
    hashed: str,
    moved: str | None = None,
) -> Statement:
    listed = LISTED.format(
        hashed_identifiers=hashed,
        ledger=warehouse.relation("ledger", "sync"),
        of_moved=ROW_MOVED.format(moved=moved) if moved else "",
        of_list="" if list_id is None else OF_LIST,
    )
    sql = BARRED.format(
        members=members.sql,
        opted_out=opted_out(warehouse, listed, hashed=hashed, asks_requests=has_suppressions(warehouse)),
    )
    return Statement(
        sql,
        {
            **members.parameters,
            "hash_rule": target.destination.hash_rule,
            "destination": target.destination_name,
            "list_id": list_id or "",
        },
    )
