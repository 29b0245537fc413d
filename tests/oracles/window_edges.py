"""When events come into the windows of conditions and leave them: there a moment more or less counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracles.audience_generator import MICROSECOND
from tests.oracles.audiences import Event, World, passes, span
from tests.oracles.figures import file_leaves

KINDS = ("arrival", "rolling", "calendar", "clock change")


@dataclass(frozen=True)
class Edge:
    """Where what a condition counts changes by itself.

    Attributes:
        at: the first time of evaluation at which the event has come, or has gone.
        kind: it comes; it leaves a rolling window; one of calendar days; one in which clocks change.
    """

    at: datetime
    kind: str


def edges(world: World, files: Mapping[str, Mapping[str, Any]]) -> Iterator[Edge]:
    """Those of all conditions that count events."""
    for file in files.values():
        zone = file.get("time_zone", "UTC")
        for leaf in file_leaves(file):
            if is_counted(leaf):
                for event in world.events:
                    if event.event == leaf["event"] and passes(event, leaf.get("where", [])):
                        yield Edge(event.occurred_at, "arrival")
                        if "within" in leaf:
                            yield _departure(event, leaf["within"], ZoneInfo(zone))


def deciding_times(world: World, leaf: Mapping[str, Any], zone: str) -> Iterator[datetime]:
    """The first times of evaluation at which an event that a condition is about has come, or has gone."""
    names = [step["event"] for step in leaf.get("sequence", [leaf] if "event" in leaf else [])]
    for event in world.events:
        if event.event in names:
            yield event.occurred_at
            if "within" in leaf:
                yield _departure(event, leaf["within"], ZoneInfo(zone)).at


def is_counted(leaf: Mapping[str, Any]) -> bool:
    """Whether a leaf condition compares a number of events."""
    return "event" in leaf and leaf.keys() <= {"event", "count", "within", "where"}


def around(time: datetime) -> list[datetime]:
    """A moment before it, then itself, then a moment after it."""
    return [time - MICROSECOND, time, time + MICROSECOND]


def _departure(event: Event, within: str, zone: ZoneInfo) -> Edge:
    if "calendar" not in within:
        return Edge(event.occurred_at + span(within), "rolling")
    first = event.occurred_at.astimezone(zone).date()
    day = first + timedelta(days=int(within.split()[0]))
    begun, gone = (datetime(one.year, one.month, one.day, tzinfo=zone) for one in (first, day))
    kind = "calendar" if begun.utcoffset() == gone.utcoffset() else "clock change"
    return Edge(gone.astimezone(UTC), kind)
