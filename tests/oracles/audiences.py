"""Who is in an audience, worked out in plain Python from what the documentation promises.

Conditions are the YAML data of an audience file; profiles and events are plain data. Nothing of the
product is used here, so that agreement means something.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracles.audience_values import COUNTS, compare, passes_aggregate, reach

AGGREGATES = ("sum", "min", "max", "avg")


@dataclass(frozen=True)
class Event:
    """Something a profile did. Events at one time are ordered by source and event id."""

    profile_id: str
    event: str
    occurred_at: datetime
    properties: Any
    source_id: str = "load"
    event_id: str = ""


@dataclass(frozen=True)
class World:
    """What conditions look at.

    Attributes:
        traits: by profile.
        events: of all profiles.
        as_of: the end of every window; later events do not exist.
        audiences: the members of other audiences.
    """

    traits: Mapping[str, Any]
    events: Iterable[Event]
    as_of: datetime
    audiences: Mapping[str, frozenset[str]]

    def members(
        self, file: Mapping[str, Any], name: str = "own", outranked_by: Collection[str] = ()
    ) -> set[str]:
        """The members of the audience of a file, which leaves out those of the audiences that outrank it."""
        zone = file.get("time_zone", "UTC")
        found = self.holding(file["match"], zone)
        if "exclude" in file:
            found -= self.holding(file["exclude"], zone)
        for other in outranked_by:
            found -= self.audiences[other]
        if "holdout" in file:
            group = file["holdout"].get("group", name)
            limit = Decimal(str(file["holdout"]["percent"])) * 100
            found = {profile for profile in found if bucket(f"holdout:{group}:{profile}") >= limit}
        return found

    def holding(self, condition: Mapping[str, Any], zone: str = "UTC") -> set[str]:
        """The profiles for which a condition holds."""
        mine: dict[str, list[Event]] = {profile: [] for profile in self.traits}
        for event in self.events:
            if event.occurred_at <= self.as_of:
                mine[event.profile_id].append(event)
        return {profile for profile in self.traits if self._holds(condition, profile, mine[profile], zone)}

    def counts(self, condition: Mapping[str, Any], zone: str = "UTC") -> Counter[str]:
        """How many events each profile has that an event condition is about; who has none is left out."""
        return Counter(
            event.profile_id
            for event in self.events
            if event.event == condition["event"]
            and event.occurred_at <= self.as_of
            and self._is_within(condition, event, zone)
            and passes(event, condition.get("where", []))
        )

    def _holds(self, condition: Mapping[str, Any], profile: str, events: list[Event], zone: str) -> bool:
        if "all" in condition:
            return all(self._holds(member, profile, events, zone) for member in condition["all"])
        if "any" in condition:
            return any(self._holds(member, profile, events, zone) for member in condition["any"])
        if "not" in condition:
            return not self._holds(condition["not"], profile, events, zone)
        if "audience" in condition:
            return profile in self.audiences[condition["audience"]]
        if "trait" in condition:
            return compare(self.traits[profile], condition["trait"], condition)
        if "sequence" in condition:
            return self._did_in_order(condition, events, zone)
        return self._did(condition, events, zone)

    def _did(self, condition: Mapping[str, Any], events: list[Event], zone: str) -> bool:
        named = [event for event in events if event.event == condition["event"]]
        if "occurrence" in condition:
            named.sort(key=lambda event: (event.occurred_at, event.source_id, event.event_id))
            named = named[:1] if condition["occurrence"] == "first" else named[-1:]
        counted = [
            event
            for event in named
            if self._is_within(condition, event, zone) and passes(event, condition.get("where", []))
        ]
        for function in AGGREGATES:
            if function in condition:
                test = condition[function]
                found = [reach(event.properties, test["property"]) for event in counted]
                return passes_aggregate(function, found, test)
        if "distinct_days" in condition:
            days = {event.occurred_at.astimezone(ZoneInfo(zone)).date() for event in counted}
            operator, threshold = condition["distinct_days"].split()
            return COUNTS[operator](len(days), int(threshold))
        operator, threshold = condition.get("count", ">= 1").split()
        return COUNTS[operator](len(counted), int(threshold))

    def _did_in_order(self, condition: Mapping[str, Any], events: list[Event], zone: str) -> bool:
        steps = [
            [
                event.occurred_at
                for event in events
                if event.event == step["event"]
                and self._is_within(condition, event, zone)
                and passes(event, step.get("where", []))
            ]
            for step in condition["sequence"]
        ]
        limit = span(condition["steps_within"]) if "steps_within" in condition else None
        return any(
            limit is None or chain[-1] - chain[0] <= limit
            for start in steps[0]
            for chain in chains([start], steps[1:])
        )

    def _is_within(self, condition: Mapping[str, Any], event: Event, zone: str) -> bool:
        if "within" not in condition:
            return True
        if "calendar" not in condition["within"]:
            return event.occurred_at > self.as_of - span(condition["within"])
        place = ZoneInfo(zone)
        first_day = self.as_of.astimezone(place).date() - timedelta(
            days=int(condition["within"].split()[0]) - 1
        )
        return event.occurred_at.astimezone(place).date() >= first_day


def chains(chain: list[datetime], steps: list[list[datetime]]) -> Iterable[list[datetime]]:
    """Every way to go on, each time later than the one before."""
    if not steps:
        yield chain
        return
    for time in steps[0]:
        if time > chain[-1]:
            yield from chains([*chain, time], steps[1:])


def passes(event: Event, where: Iterable[Mapping[str, Any]]) -> bool:
    """Whether an event passes all tests."""
    return all(compare(event.properties, test["property"], test) for test in where)


def span(text: str) -> timedelta:
    """Hours or days."""
    number, unit = text.split()
    return int(number) * (timedelta(hours=1) if unit.startswith("hour") else timedelta(days=1))


def bucket(text: str) -> int:
    """Where a text falls among 10,000: its SHA-256 is as good as a throw of dice."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:15], 16) % 10_000
