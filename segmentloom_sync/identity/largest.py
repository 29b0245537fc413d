"""The profiles with most identifiers: where a merge went wrong, it shows here first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from segmentloom_sync.warehouse.base import Warehouse

NEEDED = ("profiles", "identifiers")


@dataclass(frozen=True, slots=True)
class Large:
    """A profile by its size."""

    profile_id: str
    identifier_count: int
    event_count: int
    first_seen_at: datetime
    last_seen_at: datetime
    is_quarantined: bool
    by_type: dict[str, int] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "profile_id": self.profile_id,
            "identifier_count": self.identifier_count,
            "by_type": self.by_type,
            "event_count": self.event_count,
            "first_seen_at": self.first_seen_at,
            "last_seen_at": self.last_seen_at,
            "is_quarantined": self.is_quarantined,
        }


def largest_profiles(warehouse: Warehouse, limit: int) -> list[Large]:
    """The largest, with the number of identifiers of each type."""
    rows = warehouse.rows(
        f"""
        with

        largest as (

            select
                profile_id,
                identifier_count,
                event_count,
                first_seen_at,
                last_seen_at,
                is_quarantined
            from {warehouse.relation("profiles")}
            order by identifier_count desc, profile_id
            limit {int(limit)}

        )

        select
            largest.profile_id,
            largest.identifier_count,
            largest.event_count,
            largest.first_seen_at,
            largest.last_seen_at,
            largest.is_quarantined,
            identifiers.identifier_type,
            count(*) as type_count
        from largest
        inner join {warehouse.relation("identifiers")} as identifiers
            on largest.profile_id = identifiers.profile_id
        group by 1, 2, 3, 4, 5, 6, 7
        order by
            largest.identifier_count desc,
            largest.profile_id,
            count(*) desc,
            identifiers.identifier_type
        """
    )
    found: dict[str, Large] = {}
    for profile_id, size, events, first, last, is_quarantined, kind, number in rows:
        profile = found.setdefault(
            str(profile_id),
            Large(str(profile_id), int(size), int(events), first, last, bool(is_quarantined)),
        )
        profile.by_type[str(kind)] = int(number)
    return list(found.values())
