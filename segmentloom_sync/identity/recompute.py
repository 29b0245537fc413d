"""Guards, components and merge causes of a few identifiers, said again in plain Python over their links.

The rules are those of docs/identity.md; the models say the same in SQL, and `identity check` compares.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from segmentloom_sync.identity.identifier import TYPES, Identifier

Pair = tuple[Identifier, Identifier]
"""The stronger type first, of two user ids the lesser."""


class Shown(NamedTuple):
    """The event that shows a link, in the order in which events count."""

    at: datetime
    source_id: str
    event_id: str


class Refused(NamedTuple):
    """A link that a guard refuses, as the guard sees it."""

    carrier: Identifier
    other: Identifier
    rule: str


class RefusedRow(NamedTuple):
    """What else is written of it."""

    link_count: int
    link_limit: int
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """The guards' limits."""

    users_per_email: int = 5
    users_per_device: int = 10
    identifiers_per_profile: int = 500


@dataclass(frozen=True, slots=True)
class Stitched:
    """Where an identifier belongs.

    Attributes:
        oldest: the oldest identifier of its component.
        cause: the link by which it, as the oldest of a part, came to an older one; None for the oldest.
    """

    oldest: Identifier
    cause: Pair | None


_CROWDED: Final = {"email": "shared_email", "anonymous_id": "kiosk"}


def pair_of(one: Identifier, other: Identifier) -> Pair:
    """A link's ends in the order in which it is written."""
    first, second = sorted((one, other), key=lambda end: (TYPES.index(end.type), end.value))
    return first, second


def key_of(identifier: Identifier) -> str:
    """The profile id that an identifier gives: it names the identifier without its value."""
    return hashlib.sha256(str(identifier).encode()).hexdigest()[:32]


def refusals(
    links: Mapping[Pair, Shown], carriers: Iterable[Identifier], limits: Limits
) -> dict[Refused, RefusedRow]:
    """What the guards have against links of the carriers; all links of a carrier must be there."""
    by_carrier: dict[Identifier, dict[str, list[tuple[Shown, Identifier]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for (one, other), shown in links.items():
        by_carrier[one][other.type].append((shown, other))
        by_carrier[other][one.type].append((shown, one))
    allowed = {"email": limits.users_per_email, "anonymous_id": limits.users_per_device}
    found: dict[Refused, RefusedRow] = {}
    for carrier in carriers:
        if carrier.type not in _CROWDED:
            continue
        users, limit = len(by_carrier[carrier]["user_id"]), allowed[carrier.type]
        for kind, ends in by_carrier[carrier].items():
            ends.sort()
            for place, (shown, other) in enumerate(ends):
                if users > limit:
                    rule = _CROWDED[carrier.type]
                    found[Refused(carrier, other, rule)] = RefusedRow(users, limit, shown.at)
                if carrier.type == "anonymous_id" and kind != "anonymous_id" and place:
                    found[Refused(carrier, other, "later_link")] = RefusedRow(len(ends), 1, shown.at)
    return found


def stitched(
    first_seen: Mapping[Identifier, datetime], kept: Mapping[Pair, Shown]
) -> dict[Identifier, Stitched]:
    """Components and minimum spanning forest of identifiers, by the earliest links (Kruskal 1956)."""
    parent = {identifier: identifier for identifier in first_seen}
    cause: dict[Identifier, Pair] = {}

    def root(identifier: Identifier) -> Identifier:
        while parent[identifier] != identifier:
            parent[identifier] = parent[parent[identifier]]
            identifier = parent[identifier]
        return identifier

    for pair, _ in sorted(kept.items(), key=lambda entry: (entry[1], entry[0])):
        one, other = root(pair[0]), root(pair[1])
        if one != other:
            # A root is the oldest of its part, so the younger root is the one that is absorbed.
            older, younger = sorted((one, other), key=lambda end: (first_seen[end], end))
            parent[younger] = older
            cause[younger] = pair
    return {identifier: Stitched(root(identifier), cause.get(identifier)) for identifier in first_seen}


def latest(
    identifiers: Sequence[Identifier], kind: str, last_seen: Mapping[Identifier, datetime]
) -> str | None:
    """The value of a type that was seen last."""
    values = [(last_seen[each], each.value) for each in identifiers if each.type == kind]
    return max(values)[1] if values else None
