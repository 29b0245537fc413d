"""Identities, profiles and refused links, said again in plain Python: the models must agree with it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Any, NamedTuple

import phonenumbers

from tests.oracles.events import Delivery, Identifier

PLACEHOLDERS = frozenset(
    {
        *("null", "undefined", "none", "nil", "nan", "n/a", "anonymous", "guest", "unknown", "0", "-1"),
        *("[object object]", "00000000-0000-0000-0000-000000000000"),
    }
)

Order = tuple[datetime, str, str]
Link = frozenset[Identifier]


@dataclass(frozen=True)
class Rules:
    """Limits of the guards, and what never stitches beside the placeholders: (type, or "" for any; value)."""

    users_per_email: int = 5
    users_per_device: int = 10
    identifiers_per_profile: int = 500
    blocked: frozenset[Identifier] = frozenset()

    def blocks(self, type_: str, value: str) -> bool:
        """Whether a value says nothing about who someone is."""
        value = value.lower()  # as `blocked` has them, too
        return value in PLACEHOLDERS or (type_, value) in self.blocked or ("", value) in self.blocked


class Conflict(NamedTuple):
    """A row of `S.identity_conflicts`."""

    rule: str
    identifier: Identifier
    other: Identifier | None
    link_count: int
    limit: int
    first_seen_at: datetime


@dataclass
class Sightings:
    """When an identifier was seen, and on how many events of its own."""

    first: datetime
    last: datetime
    events: int = 0


@dataclass
class Profile:
    """A row of `S.profiles`."""

    profile_id: str
    identifiers: list[Identifier]
    first_seen_at: datetime
    last_seen_at: datetime
    is_quarantined: bool
    event_count: int = 0
    user_id: str | None = None
    email: str | None = None
    phone: str | None = None
    traits: dict[str, Any] = field(default_factory=dict)
    consents: dict[str, str] = field(default_factory=dict)
    is_opted_out: bool = False


@dataclass
class Identity:
    """The answer: everything that follows from a set of events."""

    sightings: dict[Identifier, Sightings]
    links: dict[Link, Order]
    kept: dict[Link, Order]
    profile_of: dict[Identifier, str]
    profiles: dict[str, Profile]
    conflicts: set[Conflict]
    owner_of: dict[tuple[str, str], Identifier | None]


def stitch(events: Iterable[Delivery], rules: Rules, suppressed: frozenset[Link] = frozenset()) -> Identity:
    """Resolve identities of accepted events; suppressed links count for the guards and join nothing."""
    ordered = sorted(events, key=lambda event: event.order)
    own = {event.key: own_identifiers(event, rules) for event in ordered}
    occurring = {identifier for identifiers in own.values() for identifier in identifiers}
    previous = {
        event.key: alias
        for event in ordered
        if (alias := previous_identifier(event, occurring, rules)) is not None
    }

    sightings: dict[Identifier, Sightings] = {}
    links: dict[Link, Order] = {}
    for event in ordered:
        identifiers = own[event.key]
        for identifier in [*identifiers, *([previous[event.key]] if event.key in previous else [])]:
            seen = sightings.setdefault(identifier, Sightings(event.occurred_at, event.occurred_at))
            seen.last = event.occurred_at
        for identifier in identifiers:
            sightings[identifier].events += 1
        for link in event_links(identifiers, previous.get(event.key)):
            links.setdefault(link, event.order)

    conflicts = set(refused(links, rules))
    kept = left_over(links, conflicts, suppressed)
    components = connected(sightings, kept)

    profile_of: dict[Identifier, str] = {}
    profiles: dict[str, Profile] = {}
    for component in components:
        profile = make_profile(component, sightings, rules)
        profiles[profile.profile_id] = profile
        profile_of.update(dict.fromkeys(component, profile.profile_id))
        if profile.is_quarantined:
            conflicts.add(
                Conflict(
                    "oversized_profile",
                    profile.identifiers[0],
                    None,
                    len(component),
                    rules.identifiers_per_profile,
                    profile.first_seen_at,
                )
            )

    owner_of = {key: identifiers[0] if identifiers else None for key, identifiers in own.items()}
    add_events(ordered, owner_of, profile_of, profiles, rules)
    return Identity(sightings, links, kept, profile_of, profiles, conflicts, owner_of)


def own_identifiers(event: Delivery, rules: Rules) -> list[Identifier]:
    """The identifiers that an event carries, the strongest first."""
    given = [("user_id", event.user_id), ("email", event.email), ("anonymous_id", event.anonymous_id)]
    return [(type_, value) for type_, value in given if value and not rules.blocks(type_, value)]


def previous_identifier(event: Delivery, occurring: set[Identifier], rules: Rules) -> Identifier | None:
    """What an alias event's previous_id is: a user_id, unless its value occurs as an anonymous_id only."""
    value = event.previous_id
    if event.type != "alias" or not value:
        return None
    only_anonymous = ("anonymous_id", value) in occurring and ("user_id", value) not in occurring
    type_ = "anonymous_id" if only_anonymous else "user_id"
    return None if rules.blocks(type_, value) else (type_, value)


def event_links(identifiers: list[Identifier], previous: Identifier | None) -> Iterator[Link]:
    """The pairs that one event shows."""
    for pair in combinations(identifiers, 2):
        yield frozenset(pair)
    users = [identifier for identifier in identifiers if identifier[0] == "user_id"]
    if previous is not None and users and previous != users[0]:
        yield frozenset({previous, users[0]})


def refused(links: dict[Link, Order], rules: Rules) -> Iterator[Conflict]:
    """What the guards a to c refuse; each looks at all links."""
    partners: dict[tuple[Identifier, str], list[tuple[Order, Identifier]]] = defaultdict(list)
    for link, order in links.items():
        one, other = tuple(link)
        partners[one, other[0]].append((order, other))
        partners[other, one[0]].append((order, one))

    limits = {
        "email": ("shared_email", rules.users_per_email),
        "anonymous_id": ("kiosk", rules.users_per_device),
    }
    for (identifier, other_type), others in partners.items():
        others.sort()
        if identifier[0] in limits:
            rule, limit = limits[identifier[0]]
            users = len(partners.get((identifier, "user_id"), []))
            if users > limit:
                for order, other in others:
                    yield Conflict(rule, identifier, other, users, limit, order[0])
        if identifier[0] == "anonymous_id" and other_type in ("user_id", "email"):
            for order, other in others[1:]:
                yield Conflict("later_link", identifier, other, len(others), 1, order[0])


def left_over(
    links: dict[Link, Order], conflicts: Iterable[Conflict], suppressed: frozenset[Link]
) -> dict[Link, Order]:
    """The links that nothing refuses or suppresses. No link takes the place of one that is gone."""
    gone = {frozenset({conflict.identifier, conflict.other}) for conflict in conflicts} | suppressed
    return {link: order for link, order in links.items() if link not in gone}


def connected(nodes: Iterable[Identifier], links: Iterable[Link]) -> list[list[Identifier]]:
    """Connected components, by breadth-first search."""
    neighbours: dict[Identifier, list[Identifier]] = {node: [] for node in nodes}
    for link in links:
        one, other = tuple(link)
        neighbours[one].append(other)
        neighbours[other].append(one)
    components, done = [], set()
    for start in neighbours:
        if start in done:
            continue
        done.add(start)
        component = [start]
        for node in component:
            for neighbour in neighbours[node]:
                if neighbour not in done:
                    done.add(neighbour)
                    component.append(neighbour)
        components.append(component)
    return components


def profile_id_of(oldest: Identifier) -> str:
    """The id of the profile whose oldest identifier this is."""
    return hashlib.sha256(f"{oldest[0]}:{oldest[1]}".encode()).hexdigest()[:32]


def make_profile(
    component: list[Identifier], sightings: dict[Identifier, Sightings], rules: Rules
) -> Profile:
    """The profile of a component, before its events are looked at."""
    identifiers = sorted(component, key=lambda identifier: (sightings[identifier].first, identifier))
    profile = Profile(
        profile_id=profile_id_of(identifiers[0]),
        identifiers=identifiers,
        first_seen_at=min(sightings[identifier].first for identifier in component),
        last_seen_at=max(sightings[identifier].last for identifier in component),
        is_quarantined=len(component) > rules.identifiers_per_profile,
    )
    for type_, value in sorted(component, key=lambda identifier: (sightings[identifier].last, identifier[1])):
        if type_ == "user_id":
            profile.user_id = value
        elif type_ == "email":
            profile.email = value
    return profile


def add_events(
    ordered: list[Delivery],
    owner_of: dict[tuple[str, str], Identifier | None],
    profile_of: dict[Identifier, str],
    profiles: dict[str, Profile],
    rules: Rules,
) -> None:
    """Give every profile what its events say, the latest last."""
    phones: dict[str, tuple[datetime, str]] = {}
    for event in ordered:
        owner = owner_of[event.key]
        if owner is None:
            continue
        profile = profiles[profile_of[owner]]
        profile.event_count += 1
        context = as_object(event.context)
        traits = as_object(event.traits)
        context_traits = as_object(context.get("traits"))
        for key, value in {**context_traits, **(traits if event.type == "identify" else {})}.items():
            profile.traits.pop(key, None)
            if value is not None:
                profile.traits[key] = value
        for key in ("ad_user_data", "ad_personalization"):
            said = str(as_object(context.get("consent")).get(key)).lower()
            if said in ("granted", "true", "denied", "false"):
                profile.consents[key] = "granted" if said in ("granted", "true") else "denied"
        if is_gpc(event):
            for identifier in own_identifiers(event, rules):
                profiles[profile_of[identifier]].is_opted_out = True
        phone = text_of(traits.get("phone") if event.type != "group" else None) or text_of(
            context_traits.get("phone")
        )
        number = phone and e164(phone)
        if phone and number and not (rules.blocks("phone", phone) or rules.blocks("phone", number)):
            phones[profile.profile_id] = max(
                phones.get(profile.profile_id, (event.occurred_at, "")), (event.occurred_at, number)
            )
    for profile_id, (_, phone) in phones.items():
        profiles[profile_id].phone = phone


def e164(phone: str) -> str:
    """A number that has its country code as + and digits, any other as it is."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_gpc(event: Delivery) -> bool:
    """Whether an event came with Global Privacy Control."""
    return str(as_object(event.context).get("gpc")).lower() == "true"


def as_object(value: Any) -> dict[str, Any]:
    """A JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def text_of(value: Any) -> str | None:
    """The trimmed text of a JSON text or whole number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip(" \t\n\r\v\f") or None
