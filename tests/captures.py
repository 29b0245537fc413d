"""Recorded requests of real SDKs, and the events that another program found in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.workspace import REPOSITORY

FIXTURES = REPOSITORY / "tests" / "fixtures"

_SAME = ("type", "event", "user_id", "anonymous_id", "previous_id", "group_id", "library")
_TIMES = {"occurred_at": "timestamp", "original_timestamp": "original_timestamp", "sent_at": "sent_at"}
_JSON = ("properties", "traits")


def write_bodies(folder: Path) -> None:
    """Write one file per recording, one request body per line, as they are."""
    folder.mkdir()
    for recording in sorted((FIXTURES / "captures").glob("*.json")):
        requests = [request for request in json.loads(recording.read_text()) if request["method"] == "POST"]
        bodies = [request["body_json"] for request in requests if isinstance(request["body_json"], dict)]
        (folder / recording.name).write_text("\n".join(json.dumps(body) for body in bodies))


def assert_as_expected(events: Iterable[Mapping[str, Any]]) -> None:
    """Compare events with what was expected: each once, equal in all columns that both have."""
    rows = json.loads((FIXTURES / "captures_expected.json").read_text())
    expected = {row["message_id"]: row for row in rows}
    found = {event["event_id"]: event for event in events}
    assert found.keys() == expected.keys()
    for event_id, event in found.items():
        other = expected[event_id]
        for name in event.keys() & _SAME:
            assert event[name] == other[name], name
        for name in event.keys() & _TIMES:
            assert event[name] == datetime.fromisoformat(other[_TIMES[name]]), name
        for name in event.keys() & _JSON:
            beside = _titles(other) if name == "properties" else {}
            assert json.loads(event[name]) == {**beside, **other[name]}, name
        assert event["email"] == (other["email"] and other["email"].strip().lower())


def _titles(expected: Mapping[str, Any]) -> dict[str, str]:
    """What a page or screen was called beside its properties: libraries of servers write it there alone."""
    if expected["type"] not in ("page", "screen"):
        return {}
    return {name: expected[name] for name in ("name", "category") if expected[name]}
