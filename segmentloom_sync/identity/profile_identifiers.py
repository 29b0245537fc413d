"""The identifiers of a profile, and how each hangs on the oldest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segmentloom_sync.identity.graph import MOST_LINKS, Step, profile_graph
from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.warehouse.base import Warehouse


@dataclass(frozen=True, slots=True)
class Member:
    """An identifier of the profile.

    Attributes:
        event_count: the events that carry it, whoever owns them.
        owned_event_count: the events that it owns, being their strongest identifier.
        step: how it hangs on the profile's oldest identifier; None when that is not known, because there are
            too many links or because a link was suppressed since the last build.
    """

    identifier: Identifier
    first_seen_at: datetime
    last_seen_at: datetime
    event_count: int
    owned_event_count: int
    gpc_event_count: int
    step: Step | None

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            **self.identifier.document(),
            "first_seen_at": self.first_seen_at,
            "last_seen_at": self.last_seen_at,
            "event_count": self.event_count,
            "owned_event_count": self.owned_event_count,
            "gpc_event_count": self.gpc_event_count,
            "distance": self.step.distance if self.step else None,
            "link": self.step.link.document() if self.step and self.step.link else None,
        }


def oldest_identifier(warehouse: Warehouse, profile_id: str) -> Identifier:
    """The identifier that the profile's id comes from."""
    [(kind, value)] = warehouse.rows(
        f"""
        select
            identifier_type,
            identifier_value
        from {warehouse.relation("int_segmentloom__identity_map")}
        where profile_id = :profile_id
        order by
            first_seen_at,
            identifier_type,
            identifier_value
        limit 1
        """,
        profile_id=profile_id,
    )
    return Identifier(str(kind), str(value))


def profile_identifiers(
    warehouse: Warehouse, profile_id: str, oldest: Identifier, limit: int
) -> tuple[list[Member], int, list[str]]:
    """The identifiers of a profile with most events, in order of their distance from its oldest.

    Returns:
        They, how many the profile has, and notes on what is not shown.
    """
    rows = warehouse.rows(
        f"""
        select
            members.identifier_type,
            members.identifier_value,
            members.first_seen_at,
            members.last_seen_at,
            members.event_count,
            members.owned_event_count,
            members.gpc_event_count,
            count(*) over () as identifiers
        from {warehouse.relation("int_segmentloom__identity_map")} as members
        where members.profile_id = :profile_id
        order by
            members.event_count desc,
            members.first_seen_at,
            members.identifier_type,
            members.identifier_value
        limit {int(limit)}
        """,
        profile_id=profile_id,
    )
    total = int(rows[0][7]) if rows else 0
    links = profile_graph(warehouse, profile_id)
    steps = links.steps(oldest)
    members = [
        Member(
            identifier=(found := Identifier(str(kind), str(value))),
            first_seen_at=first,
            last_seen_at=last,
            event_count=int(events),
            owned_event_count=int(owned),
            gpc_event_count=int(gpc),
            step=steps.get(found),
        )
        for kind, value, first, last, events, owned, gpc, _ in rows
    ]
    members.sort(key=_place)
    notes = []
    if total > len(members):
        notes.append(
            f"{len(members):,} of {total:,} identifiers, those with most events; more: --limit {total}"
        )
    if not links.is_whole:
        notes.append(f"only the earliest {MOST_LINKS:,} links were followed")
    elif any(member.step is None for member in members):
        notes.append("some identifiers are not linked any more; the next build splits them off")
    return members, total, notes


def _place(member: Member) -> tuple[bool, int, datetime, Identifier]:
    distance = member.step.distance if member.step else 0
    return member.step is None, distance, member.first_seen_at, member.identifier
