"""Links between two identifiers, as events show them, and what stands against them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.warehouse.base import Warehouse

LINKS = "int_segmentloom__links"
KEPT = "int_segmentloom__kept_links"
REFUSED = "int_segmentloom__refused_links"

COLUMNS = """
    links.identifier_type,
    links.identifier_value,
    links.other_type,
    links.other_value,
    links.first_seen_at,
    links.source_id,
    links.event_id,
    links.rule
"""


@dataclass(frozen=True, slots=True)
class Link:
    """Two identifiers and the earliest event that shows them together.

    Attributes:
        identifier: the end of the stronger type; of two user ids the lesser.
        rule: `same_event` or `alias`.
    """

    identifier: Identifier
    other: Identifier
    first_seen_at: datetime
    source_id: str
    event_id: str
    rule: str

    @classmethod
    def of_row(cls, row: Iterable[Any]) -> Link:
        """A row of `COLUMNS`."""
        kind, value, other_kind, other_value, first_seen_at, source_id, event_id, rule = row
        return cls(
            Identifier(str(kind), str(value)),
            Identifier(str(other_kind), str(other_value)),
            first_seen_at,
            str(source_id),
            str(event_id),
            str(rule),
        )

    @property
    def order(self) -> tuple[datetime, str, str]:
        """Earlier events first."""
        return self.first_seen_at, self.source_id, self.event_id

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "identifier": self.identifier.document(),
            "other": self.other.document(),
            "first_seen_at": self.first_seen_at,
            "source_id": self.source_id,
            "event_id": self.event_id,
            "rule": self.rule,
        }


@dataclass(frozen=True, slots=True)
class Refusal:
    """A guard that refuses a link.

    Attributes:
        carrier: the identifier that the guard looked at.
    """

    rule: str
    carrier: Identifier
    link_count: int
    link_limit: int

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "rule": self.rule,
            "identifier": self.carrier.document(),
            "link_count": self.link_count,
            "limit": self.link_limit,
        }


def link_between(warehouse: Warehouse, one: Identifier, other: Identifier) -> Link | None:
    """The link of two identifiers, whatever guards say; None when no event shows it."""
    rows = warehouse.rows(
        f"select {COLUMNS} from {warehouse.relation(LINKS)} as links where {_PAIR}", **_parameters(one, other)
    )
    return Link.of_row(rows[0]) if rows else None


def links_of(warehouse: Warehouse, identifier: Identifier, limit: int) -> list[Link]:
    """The earliest links of an identifier, whatever guards say."""
    rows = warehouse.rows(
        f"""
        select {COLUMNS}
        from {warehouse.relation(LINKS)} as links
        where
            (links.identifier_type = :one_type and links.identifier_value = :one_value)
            or (links.other_type = :one_type and links.other_value = :one_value)
        order by links.first_seen_at, links.source_id, links.event_id
        limit {int(limit)}
        """,
        one_type=identifier.type,
        one_value=identifier.value,
    )
    return [Link.of_row(row) for row in rows]


def refusals(warehouse: Warehouse, link: Link) -> list[Refusal]:
    """The guards that refuse a link."""
    rows = warehouse.rows(
        f"""
        select
            links.rule,
            links.identifier_type,
            links.identifier_value,
            links.link_count,
            links.link_limit
        from {warehouse.relation(REFUSED)} as links
        where {_PAIR}
        order by links.rule, links.identifier_type
        """,
        **_parameters(link.identifier, link.other),
    )
    return [
        Refusal(str(rule), Identifier(str(kind), str(value)), int(count), int(limit))
        for rule, kind, value, count, limit in rows
    ]


_PAIR = """
    (
        links.identifier_type = :one_type
        and links.identifier_value = :one_value
        and links.other_type = :other_type
        and links.other_value = :other_value
    )
    or (
        links.identifier_type = :other_type
        and links.identifier_value = :other_value
        and links.other_type = :one_type
        and links.other_value = :one_value
    )
"""
"""Both directions: tables differ in which end comes first."""


def _parameters(one: Identifier, other: Identifier) -> dict[str, str]:
    return {
        "one_type": one.type,
        "one_value": one.value,
        "other_type": other.type,
        "other_value": other.value,
    }
