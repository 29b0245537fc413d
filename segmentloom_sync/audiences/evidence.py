"""The events behind the conditions of one person."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from segmentloom_sync.audiences.comparison import PropertyTest
from segmentloom_sync.audiences.conditions import EventCondition, Leaf, SequenceCondition

MOST_EVENTS = 5
"""Shown of each condition, the latest."""
MOST_OF_SEQUENCES = 10_000
"""Read of each step of a sequence, for finding a chain."""


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """An event.

    Attributes:
        properties: those that the condition tests, by path; what is missing is left out.
    """

    source_id: str
    event_id: str
    event: str
    occurred_at: datetime
    properties: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "source_id": self.source_id,
            "event_id": self.event_id,
            "event": self.event,
            "occurred_at": self.occurred_at,
            "properties": dict(self.properties),
        }


@dataclass(frozen=True, slots=True)
class FoundEvents:
    """Events that pass a condition, or a step of a sequence: how many, and the latest of them."""

    count: int = 0
    events: tuple[FoundEvent, ...] = ()

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {"count": self.count, "events": [event.document() for event in self.events[:MOST_EVENTS]]}


def found_events(
    rows: Iterable[Sequence[Any]], leaves: Mapping[int, Leaf]
) -> dict[tuple[int, int], FoundEvents]:
    """What the rows of the macro `audience_evidence` say, by number of the leaf condition and of its step."""
    found: dict[tuple[int, int], FoundEvents] = {}
    for leaf, step, _, count, source_id, event_id, event, occurred_at, properties in rows:
        key = int(leaf), int(step)
        one = FoundEvent(
            str(source_id),
            str(event_id),
            str(event),
            occurred_at,
            _tested(properties, _paths(leaves[key[0]], key[1])),
        )
        found[key] = FoundEvents(int(count), (*found.get(key, FoundEvents()).events, one))
    return found


def _paths(leaf: Leaf, step: int) -> list[tuple[str, ...]]:
    """The properties that a condition, or a step of a sequence, looks at."""
    tests: list[PropertyTest] = []
    aggregate: list[tuple[str, ...]] = []
    if isinstance(leaf, SequenceCondition):
        tests = leaf.sequence[step - 1].where
    elif isinstance(leaf, EventCondition):
        tests = leaf.where
        aggregate = [tuple(leaf.aggregate[1].property)] if leaf.aggregate else []
    return list(dict.fromkeys([*aggregate, *(tuple(test.property) for test in tests)]))


def value_at(data: Any, path: Sequence[str]) -> Any:
    """What lies at a path through objects; None when nothing does."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def chain(steps: Sequence[FoundEvents], within_hours: int | None) -> tuple[FoundEvent, ...] | None:
    """One event of each step, each strictly later than the one before: the latest such chain of a length.

    None when there is none among the events given.
    """
    first, *others = [sorted(step.events, key=_place) for step in steps]
    for start in reversed(first):
        made = [start]
        for events in others:
            # The earliest that can follow leaves the most room for the rest.
            following = bisect_right(events, made[-1].occurred_at, key=lambda event: event.occurred_at)
            made += events[following : following + 1]
        is_short = within_hours is None or made[-1].occurred_at - start.occurred_at <= timedelta(
            hours=within_hours
        )
        if len(made) == len(steps) and is_short:
            return tuple(made)
    return None


def _place(event: FoundEvent) -> tuple[datetime, str, str]:
    return event.occurred_at, event.source_id, event.event_id


def _tested(properties: Any, paths: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    data = json.loads(properties) if isinstance(properties, str) else properties
    found = {".".join(path): value_at(data, path) for path in paths}
    return {path: value for path, value in found.items() if value is not None}
