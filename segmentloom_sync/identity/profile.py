"""Everything that is known of one profile, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segmentloom_sync.identity import find_profile, merges
from segmentloom_sync.identity.find_profile import Found
from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.identity.links import KEPT, REFUSED
from segmentloom_sync.identity.merges import Merge, list_merges
from segmentloom_sync.identity.profile_attributes import Attribute, profile_attributes
from segmentloom_sync.identity.profile_identifiers import Member, oldest_identifier, profile_identifiers
from segmentloom_sync.identity.profile_places import Holding, Membership, holdings, memberships
from segmentloom_sync.identity.refusals import count_refused
from segmentloom_sync.privacy.suppressed import is_suppressed
from segmentloom_sync.warehouse.base import Warehouse

NEEDED = (
    "profiles",
    *find_profile.NEEDED,
    *merges.NEEDED,
    KEPT,
    REFUSED,
    "int_segmentloom__owner_attributes",
)
MOST_MERGES = 50


@dataclass(frozen=True, slots=True)
class Summary:
    """The profile's row.

    Attributes:
        owned_event_count: the events that the profile owns; others may carry its identifiers.
        is_opted_out: by a signal of a browser, or by a request.
    """

    first_seen_at: datetime | None
    last_seen_at: datetime | None
    owned_event_count: int
    ad_user_data_consent: str | None
    ad_personalization_consent: str | None
    is_opted_out: bool
    is_quarantined: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """The answer of the command `profile`.

    Attributes:
        oldest: the identifier that the profile's id comes from.
        identifiers: nearest to the oldest first; of many those with most events.
        refused_links: by guard, the links of its identifiers that do not count.
        notes: what is not shown, and why.
    """

    found: Found
    summary: Summary
    identifier_count: int
    oldest: Identifier
    identifiers: tuple[Member, ...]
    merges: tuple[Merge, ...]
    refused_links: dict[str, int]
    traits: tuple[Attribute, ...]
    consents: tuple[Attribute, ...]
    audiences: tuple[Membership, ...]
    destinations: tuple[Holding, ...]
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """The keys of `profile --json`."""
        return {
            "profile_id": self.found.profile_id,
            "former_profile_id": self.found.former_id,
            "first_seen_at": self.summary.first_seen_at,
            "last_seen_at": self.summary.last_seen_at,
            "owned_event_count": self.summary.owned_event_count,
            "identifier_count": self.identifier_count,
            "oldest_identifier": self.oldest.document(),
            "identifiers": [member.document() for member in self.identifiers],
            "merges": [merge.document() for merge in self.merges],
            "refused_links": self.refused_links,
            "audiences": [membership.document() for membership in self.audiences],
            "traits": {trait.name: trait.value for trait in self.traits},
            "trait_events": {trait.name: trait.event() for trait in self.traits},
            "consents": {
                "ad_user_data": self.summary.ad_user_data_consent,
                "ad_personalization": self.summary.ad_personalization_consent,
            },
            "consent_events": {consent.name: consent.event() for consent in self.consents},
            "is_opted_out": self.summary.is_opted_out,
            "is_quarantined": self.summary.is_quarantined,
            "destinations": [holding.document() for holding in self.destinations],
            "notes": list(self.notes),
        }


def read_profile(warehouse: Warehouse, found: Found, limit: int) -> Profile:
    """Gather it.

    Args:
        limit: how many identifiers at most.
    """
    profile_id = found.profile_id
    oldest = oldest_identifier(warehouse, profile_id)
    members, total, notes = profile_identifiers(warehouse, profile_id, oldest, limit)
    changes = list_merges(warehouse, limit=MOST_MERGES + 1, profile_id=profile_id)
    if len(changes) > MOST_MERGES:
        changes = changes[:MOST_MERGES]
        notes.append(
            f"the newest {MOST_MERGES} changes; all: segmentloom-sync identity merges --profile {profile_id} "
            "--limit 1000000"
        )
    attributes = profile_attributes(warehouse, profile_id)
    return Profile(
        found=found,
        summary=read_summary(warehouse, profile_id),
        identifier_count=total,
        oldest=oldest,
        identifiers=tuple(members),
        merges=tuple(changes),
        refused_links=count_refused(warehouse, profile_id),
        traits=tuple(attribute for attribute in attributes if attribute.kind == "trait"),
        consents=tuple(attribute for attribute in attributes if attribute.kind == "consent"),
        audiences=tuple(memberships(warehouse, [profile_id])),
        destinations=tuple(holdings(warehouse, profile_id)),
        notes=tuple(notes),
    )


def read_summary(warehouse: Warehouse, profile_id: str) -> Summary:
    """The profile's row."""
    rows = warehouse.rows(
        f"""
        select
            first_seen_at,
            last_seen_at,
            event_count,
            ad_user_data_consent,
            ad_personalization_consent,
            is_opted_out,
            is_quarantined
        from {warehouse.relation("profiles")}
        where profile_id = :profile_id
        """,
        profile_id=profile_id,
    )
    if not rows:
        # A build that stopped between the identifiers and the profiles.
        return Summary(None, None, 0, None, None, is_opted_out=False, is_quarantined=False)
    first, last, events, user_data, personalization, is_opted_out, is_quarantined = rows[0]
    return Summary(
        first,
        last,
        int(events),
        user_data,
        personalization,
        is_opted_out=bool(is_opted_out) or is_suppressed(warehouse, profile_id),
        is_quarantined=bool(is_quarantined),
    )
