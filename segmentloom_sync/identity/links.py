"""Links between two identifiers, as events show them."""

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


def link_between(
    warehouse: Warehouse, one: Identifier, other: Identifier, relation: str = LINKS
) -> Link | None:
    """The link of two identifiers, whatever guards say; None when no event shows it.

    Args:
        relation: `KEPT` to have it only when it counts.
    """
    rows = warehouse.rows(
        f"select {COLUMNS} from {warehouse.relation(relation)} as links where {PAIR}",
        **pair_parameters(one, other),
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


PAIR = """
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


def pair_parameters(one: Identifier, other: Identifier) -> dict[str, str]:
    """What `PAIR` binds."""
    return {
        "one_type": one.type,
        "one_value": one.value,
        "other_type": other.type,
        "other_value": other.value,
    }
