"""What must come of tests/fixtures/sources, by expected.jsonl, which was written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from segmentloom_sync.warehouse.base import Warehouse
from tests.source_tables import fixture

COLUMNS = (
    *("event_id", "type", "event", "timestamp", "received_at"),
    *("anonymous_id", "user_id", "previous_id", "email", "properties", "traits", "context"),
)
BESIDE = {
    "segment": {"identify": 1, "page": 1, "alias": 1},
    "rudderstack": {"identify": 1},
    "mixpanel": {"alias": 1, "identify": 1},
}
"""How many events there are of what expected.jsonl does not tell of: source -> type -> number."""


def events(warehouse: Warehouse) -> list[dict[str, Any]]:
    """All events, with the names that the fixtures have."""
    names = ", ".join("occurred_at" if name == "timestamp" else name for name in COLUMNS)
    rows = warehouse.rows(f"select source_id, {names} from {warehouse.relation('events')}")
    return [
        dict(zip(("source", *COLUMNS), map(_plain, row, ("source", *COLUMNS)), strict=True)) for row in rows
    ]


def _plain(value: Any, column: str) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if column in ("properties", "traits", "context") and isinstance(value, str):
        return json.loads(value)
    return value


def assert_as_expected(warehouse: Warehouse, *, sources: Iterable[str]) -> None:
    """Each expected row is there once, as it says, and nothing else is from those sources."""
    left = [event for event in events(warehouse) if event["source"] in sources]
    for wanted in fixture("expected"):
        matching = [event for event in left if _matches(event, wanted)]
        assert len(matching) == (1 if wanted.get("accepted", True) else 0), wanted
        for event in matching:
            left.remove(event)
    beside: dict[str, dict[str, int]] = {}
    for event in left:
        of_source = beside.setdefault(event["source"], {})
        of_source[event["type"]] = of_source.get(event["type"], 0) + 1
    assert beside == BESIDE


def _matches(event: dict[str, Any], wanted: dict[str, Any]) -> bool:
    times = ("timestamp", "received_at")
    said = {
        name: datetime.fromisoformat(value) if name in times else value
        for name, value in wanted.items()
        if name not in ("trap", "accepted")
    }
    return all(event[name] == value for name, value in said.items())
