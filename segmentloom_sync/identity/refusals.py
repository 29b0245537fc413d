"""What guards have against a link, with what is true of the identifier that they looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.identity.links import (
    COLUMNS,
    KEPT,
    LINKS,
    PAIR,
    REFUSED,
    Link,
    link_between,
    pair_parameters,
)
from segmentloom_sync.warehouse.base import Warehouse

LATER_LINK = "later_link"
RULES = ("shared_email", "kiosk", LATER_LINK)
"""The guards against links."""

State = Literal["counts", "refused", "unmerged"]


@dataclass(frozen=True, slots=True)
class Earliest:
    """The one link that a device may keep to identifiers of a type.

    Attributes:
        other: what it leads to.
        state: whether it counts, or what else keeps it from that; no other link takes its place.
    """

    other: Identifier
    state: State

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {"identifier": self.other.document(), "state": self.state}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A guard that refuses a link.

    Attributes:
        carrier: the identifier that the guard looked at.
        far_type: the type of the link's other end.
        link_count: what was counted: its links to user ids, or for later_link to the other end's type.
        refused: its links that the guard refuses, to any type.
        earliest: for later_link the link that the guard lets count; None when another guard refuses all.
    """

    rule: str
    carrier: Identifier
    far_type: str
    link_count: int
    link_limit: int
    refused: int
    earliest: Earliest | None = None

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "rule": self.rule,
            "identifier": self.carrier.document(),
            "link_count": self.link_count,
            "limit": self.link_limit,
            "refused": self.refused,
            "earliest": self.earliest.document() if self.earliest else None,
        }


def refusals(warehouse: Warehouse, link: Link) -> list[Refusal]:
    """The guards that refuse a link."""
    rows = warehouse.rows(
        f"""
        select
            links.rule,
            links.identifier_type,
            links.identifier_value,
            links.other_type,
            links.link_count,
            links.link_limit
        from {warehouse.relation(REFUSED)} as links
        where {PAIR}
        order by links.rule, links.identifier_type
        """,
        **pair_parameters(link.identifier, link.other),
    )
    found = []
    for rule, kind, value, far_type, count, limit in rows:
        carrier = Identifier(str(kind), str(value))
        found.append(
            Refusal(
                rule=str(rule),
                carrier=carrier,
                far_type=str(far_type),
                link_count=int(count),
                link_limit=int(limit),
                refused=_refused(warehouse, str(rule), carrier),
                earliest=_earliest(warehouse, carrier, str(far_type)) if rule == LATER_LINK else None,
            )
        )
    return found


def count_refused(warehouse: Warehouse, profile_id: str) -> dict[str, int]:
    """How many links of a profile's identifiers each guard refuses; one may be refused by several."""
    rows = warehouse.rows(
        f"""
        with

        members as (

            select identifier_key
            from {warehouse.relation("int_segmentloom__identity_map")}
            where profile_id = :profile_id

        )

        select
            links.rule,
            count(*) as refused_links
        from {warehouse.relation(REFUSED)} as links
        left join members as carriers on links.identifier_key = carriers.identifier_key
        left join members as others on links.other_key = others.identifier_key
        where
            carriers.identifier_key is not null
            or others.identifier_key is not null
        group by links.rule
        """,
        profile_id=profile_id,
    )
    found = {str(rule): int(number) for rule, number in rows}
    return {rule: found.get(rule, 0) for rule in RULES}


def _refused(warehouse: Warehouse, rule: str, carrier: Identifier) -> int:
    [(number,)] = warehouse.rows(
        f"""
        select count(*) as refused_links
        from {warehouse.relation(REFUSED)} as links
        where
            links.rule = :rule
            and links.identifier_type = :carrier_type
            and links.identifier_value = :carrier_value
        """,
        rule=rule,
        carrier_type=carrier.type,
        carrier_value=carrier.value,
    )
    return int(number)


def _earliest(warehouse: Warehouse, carrier: Identifier, far_type: str) -> Earliest | None:
    """A device's earliest link to a type, and whether it counts. A device is the weaker end of a link."""
    rows = warehouse.rows(
        f"""
        select {COLUMNS}
        from {warehouse.relation(LINKS)} as links
        where
            links.other_type = :carrier_type
            and links.other_value = :carrier_value
            and links.identifier_type = :far_type
        order by links.first_seen_at, links.source_id, links.event_id
        limit 1
        """,
        carrier_type=carrier.type,
        carrier_value=carrier.value,
        far_type=far_type,
    )
    if not rows:
        return None
    link = Link.of_row(rows[0])
    return Earliest(link.identifier, _state(warehouse, link))


def _state(warehouse: Warehouse, link: Link) -> State:
    if link_between(warehouse, link.identifier, link.other, KEPT) is not None:
        return "counts"
    [(refused,)] = warehouse.rows(
        f"select count(*) as refused_links from {warehouse.relation(REFUSED)} as links where {PAIR}",
        **pair_parameters(link.identifier, link.other),
    )
    return "refused" if refused else "unmerged"
