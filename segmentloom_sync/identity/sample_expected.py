"""What the state of drawn profiles should be, from what the events say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from segmentloom_sync.identity.decisions import Decision
from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.identity.recompute import (
    Limits,
    Pair,
    Refused,
    Shown,
    key_of,
    latest,
    pair_of,
    refusals,
    stitched,
)
from segmentloom_sync.identity.sample import Drawn, Evidence, Seen

Key = tuple[str, ...]
Values = Mapping[str, Any]

SIGHTINGS: Final = "int_segmentloom__sightings"
LINKS: Final = "int_segmentloom__event_links"
REFUSED: Final = "int_segmentloom__refused_links"
MAP: Final = "int_segmentloom__identity_map"
CAUSES: Final = "int_segmentloom__identity_map, causes"
PROFILES: Final = "profiles"


@dataclass(slots=True)
class Expected:
    """Rows by table and key.

    Attributes:
        undecided: profiles of which only a part was drawn, so that nothing can be said of their rows.
    """

    rows: dict[str, dict[Key, Values]] = field(default_factory=dict)
    undecided: set[str] = field(default_factory=set)


def expected(drawn: Drawn, evidence: Evidence, decisions: Iterable[Decision], limits: Limits) -> Expected:
    """Work it out."""
    links = evidence.links
    refused = refusals(links, drawn.members | evidence.around, limits)
    dropped = {pair_of(one.carrier, one.other) for one in refused} | _suppressed(decisions)
    kept = {pair: shown for pair, shown in links.items() if pair not in dropped}
    seen = {
        each: both
        for each in drawn.members
        if (both := _seen(evidence.seen.get(each), evidence.named.get(each))) is not None
    }
    result = Expected()
    result.rows[SIGHTINGS] = {(key_of(each),): _counts(evidence.seen[each]) for each in evidence.seen}
    result.rows[LINKS] = {
        _names(pair): shown._asdict()
        for pair, shown in evidence.event_links.items()
        if drawn.members.intersection(pair)
    }
    result.rows[REFUSED] = {
        _refused_key(one): row._asdict() for one, row in refused.items() if one.carrier in drawn.members
    }
    _stitch(result, seen, kept, limits)
    return result


def _stitch(
    result: Expected, seen: Mapping[Identifier, Seen], kept: Mapping[Pair, Shown], limits: Limits
) -> None:
    first: dict[Identifier, datetime] = {each: times.first for each, times in seen.items()}
    inner = {pair: shown for pair, shown in kept.items() if pair[0] in seen and pair[1] in seen}
    placed = stitched(first, inner)
    leaking = {placed[end].oldest for pair in kept.keys() - inner.keys() for end in pair if end in placed}
    result.undecided = {key_of(oldest) for oldest in leaking}
    # A kept link to an identifier of another profile: whatever the two have, they should have the same.
    result.rows[MAP] = {
        (key_of(each),): {
            **_counts(seen[each]),
            "profile_id": None if place.oldest in leaking else key_of(place.oldest),
            "component": None if place.oldest in leaking else key_of(place.oldest),
            "has_cause": place.cause is not None,
        }
        for each, place in placed.items()
    }
    result.rows[CAUSES] = {_names(place.cause): {} for place in placed.values() if place.cause is not None}
    components: dict[Identifier, list[Identifier]] = defaultdict(list)
    for each, place in placed.items():
        components[place.oldest].append(each)
    result.rows[PROFILES] = {
        (key_of(oldest),): _profile(members, seen, limits)
        for oldest, members in components.items()
        if oldest not in leaking
    }


def _profile(members: list[Identifier], seen: Mapping[Identifier, Seen], limits: Limits) -> Values:
    last = {each: seen[each].last for each in members}
    return {
        "first_seen_at": min(seen[each].first for each in members),
        "last_seen_at": max(last.values()),
        "event_count": sum(seen[each].owned for each in members),
        "identifier_count": len(members),
        "user_id": latest(members, "user_id", last),
        "email": latest(members, "email", last),
        "is_opted_out": any(seen[each].gpc for each in members),
        "is_quarantined": len(members) > limits.identifiers_per_profile,
    }


def _seen(own: Seen | None, named: Seen | None) -> Seen | None:
    """With the times at which alias events named it."""
    if own is None or named is None:
        return own or named
    return own._replace(first=min(own.first, named.first), last=max(own.last, named.last))


def _counts(seen: Seen) -> Values:
    return {
        "first_seen_at": seen.first,
        "last_seen_at": seen.last,
        "event_count": seen.events,
        "owned_event_count": seen.owned,
        "gpc_event_count": seen.gpc,
    }


def _suppressed(decisions: Iterable[Decision]) -> set[Pair]:
    """The links of which the latest decision is to unmerge; decisions come with the oldest first."""
    holding = {pair_of(one.identifier, one.other): one.action for one in decisions}
    return {pair for pair, action in holding.items() if action == "unmerge"}


def _names(pair: Pair) -> Key:
    return key_of(pair[0]), key_of(pair[1])


def _refused_key(refused: Refused) -> Key:
    return key_of(refused.carrier), key_of(refused.other), refused.rule
