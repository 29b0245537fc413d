"""The profiles at the two ends of a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segmentloom_sync.identity.find_profile import profile_of
from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.identity.links import Link
from segmentloom_sync.identity.profile_places import memberships
from segmentloom_sync.warehouse.base import Warehouse

MOST_IDENTIFIERS = 100

Ends = tuple[str, str]
"""The profile ids of a link's two ends."""


@dataclass(frozen=True, slots=True)
class Side:
    """A profile as it is after a change.

    Attributes:
        came_back: whether it was no profile of its own before.
        identifiers: the oldest, up to `MOST_IDENTIFIERS`.
    """

    profile_id: str
    came_back: bool
    identifier_count: int
    identifiers: tuple[Identifier, ...]

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "profile_id": self.profile_id,
            "came_back": self.came_back,
            "identifier_count": self.identifier_count,
            "identifiers": [identifier.document() for identifier in self.identifiers],
        }


def profiles_of(warehouse: Warehouse, link: Link) -> Ends:
    """The profiles of a link's ends; of an identifier that is in no profile yet a blank."""
    return profile_of(warehouse, link.identifier) or "", profile_of(warehouse, link.other) or ""


def sides(warehouse: Warehouse, now: Ends, before: Ends) -> tuple[Side, ...]:
    """The one or two profiles that a link's ends are in."""
    return tuple(
        _side(warehouse, profile_id, came_back=profile_id not in before)
        for profile_id in dict.fromkeys(now)
        if profile_id
    )


def audiences_of(warehouse: Warehouse, now: Ends, before: Ends) -> tuple[str, ...]:
    """The audiences that these profiles are in as last built: recalculating may change them."""
    ids = [profile_id for profile_id in dict.fromkeys((*now, *before)) if profile_id]
    return tuple(sorted({member.audience for member in memberships(warehouse, ids)}))


def _side(warehouse: Warehouse, profile_id: str, *, came_back: bool) -> Side:
    rows = warehouse.rows(
        f"""
        select
            identifier_type,
            identifier_value,
            count(*) over () as identifiers
        from {warehouse.relation("int_segmentloom__identity_map")}
        where profile_id = :profile_id
        order by
            first_seen_at,
            identifier_type,
            identifier_value
        limit {MOST_IDENTIFIERS}
        """,
        profile_id=profile_id,
    )
    return Side(
        profile_id=profile_id,
        came_back=came_back,
        identifier_count=int(rows[0][2]) if rows else 0,
        identifiers=tuple(Identifier(str(kind), str(value)) for kind, value, _ in rows),
    )
