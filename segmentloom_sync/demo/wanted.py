"""What each list ought to hold, worked out in plain Python: a second opinion on hashes and consent."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.warehouse.base import Warehouse

Key = tuple[str, str]
"""Identifier type and hash."""

DEMANDS_CONSENT = frozenset({"google_ads"})
DOTLESS_DOMAINS = frozenset({"gmail.com", "googlemail.com"})

MEMBERS = """
select
    membership.audience,
    profiles.email,
    profiles.phone,
    profiles.ad_user_data_consent,
    profiles.ad_personalization_consent,
    profiles.is_opted_out,
    profiles.is_quarantined
from {membership} as membership
inner join {profiles} as profiles on membership.profile_id = profiles.profile_id
"""
OPTED_OUT = "select email, phone from {profiles} where is_opted_out"


@dataclass(frozen=True, slots=True)
class ListName:
    """A list at a destination."""

    destination: str
    name: str


def wanted_identifiers(warehouse: Warehouse, audiences: Mapping[str, Audience]) -> dict[ListName, set[Key]]:
    """The identifiers that every synced list ought to hold now."""
    membership, profiles = warehouse.relation("audience_membership"), warehouse.relation("profiles")
    members = warehouse.rows(MEMBERS.format(membership=membership, profiles=profiles))
    opted_out = warehouse.rows(OPTED_OUT.format(profiles=profiles))
    wanted: dict[ListName, set[Key]] = defaultdict(set)
    for name, audience in audiences.items():
        mine = [row[1:] for row in members if row[0] == name]
        for sync in audience.sync:
            destination = sync.destination
            refused = {
                key
                for email, phone in opted_out
                for key in _keys(destination, email, phone, sync.identifiers)
            }
            keys = {
                key
                for email, phone, *flags in mine
                if _may_be_sent(destination, *flags)
                for key in _keys(destination, email, phone, sync.identifiers)
            }
            wanted[ListName(destination, sync.list_name)] |= keys - refused
    return dict(wanted)


def normalize_email(destination: str, email: str) -> str:
    """An address as the platform hashes it."""
    if destination == "linkedin":
        return re.sub(r"\s", "", email).lower()
    text = email.strip().lower()
    local, _, domain = text.rpartition("@")
    if destination == "google_ads" and domain in DOTLESS_DOMAINS:
        return local.partition("+")[0].replace(".", "") + "@" + domain
    return text


def normalize_phone(destination: str, phone: str) -> str:
    """A number with its country code as the platform hashes it."""
    digits = re.sub(r"\D", "", phone)
    return f"+{digits}" if destination == "google_ads" else digits


def _may_be_sent(
    destination: str, user_data: str | None, personalization: str | None, opted_out: bool, quarantined: bool
) -> bool:
    if opted_out or quarantined or "denied" in (user_data, personalization):
        return False
    return destination not in DEMANDS_CONSENT or user_data == personalization == "granted"


def _keys(destination: str, email: str | None, phone: str | None, types: Iterable[str]) -> set[Key]:
    keys = set()
    if email and "email" in types:
        keys.add(("email", _sha256(normalize_email(destination, email))))
    if phone and "phone" in types:
        keys.add(("phone", _sha256(normalize_phone(destination, phone))))
    return keys


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
