"""What the guards refused, by rule and by the identifier that they looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.quoting import quoted

CONFLICTS = "identity_conflicts"
RULES = ("shared_email", "kiosk", "later_link", "oversized_profile")


@dataclass(frozen=True, slots=True)
class Conflict:
    """An identifier that a guard has something against.

    Attributes:
        refused: links that do not count for it.
        link_count: what was counted, such as the user ids of an e-mail.
        limit: the most that may be.
    """

    rule: str
    identifier: Identifier
    refused: int
    link_count: int
    limit: int
    first_seen_at: datetime

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "rule": self.rule,
            "identifier": self.identifier.document(),
            "refused": self.refused,
            "link_count": self.link_count,
            "limit": self.limit,
            "first_seen_at": self.first_seen_at,
        }


def list_conflicts(warehouse: Warehouse, *, limit: int, rule: str | None = None) -> list[Conflict]:
    """Those with most refused links first.

    Args:
        limit: how many at most.
        rule: only of this guard.
    """
    rows = warehouse.rows(
        f"""
        select
            conflicts.rule,
            conflicts.identifier_type,
            conflicts.identifier_value,
            count(conflicts.other_type) as refused,
            max(conflicts.link_count) as link_count,
            max(conflicts.{quoted("limit", warehouse.engine)}) as link_limit,
            min(conflicts.first_seen_at) as first_seen_at
        from {warehouse.relation(CONFLICTS)} as conflicts
        where {"conflicts.rule = :rule" if rule else "true"}
        group by
            conflicts.rule,
            conflicts.identifier_type,
            conflicts.identifier_value
        order by
            refused desc,
            link_count desc,
            conflicts.rule,
            conflicts.identifier_type,
            conflicts.identifier_value
        limit {int(limit)}
        """,
        **({"rule": rule} if rule else {}),
    )
    return [
        Conflict(
            str(name), Identifier(str(kind), str(value)), int(refused), int(count), int(most), first_seen_at
        )
        for name, kind, value, refused, count, most, first_seen_at in rows
    ]


def count_conflicts(warehouse: Warehouse) -> dict[str, int]:
    """How many identifiers each guard has something against."""
    rows = warehouse.rows(
        f"""
        select
            carriers.rule,
            count(*) as identifiers
        from (
            select distinct rule, identifier_type, identifier_value
            from {warehouse.relation(CONFLICTS)}
        ) as carriers
        group by carriers.rule
        """
    )
    found = {str(rule): int(number) for rule, number in rows}
    return {rule: found.get(rule, 0) for rule in RULES}
