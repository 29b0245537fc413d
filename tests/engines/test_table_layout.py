"""BigQuery bills what is read: events lie by month, and in it by batch, day and event."""

from __future__ import annotations

import json

from tests.engines.conftest import NewWorkspace
from tests.engines.emulators import Emulators

EVENT = {"type": "track", "event": "seen", "user_id": "u1", "timestamp": "2026-07-01T12:00:00Z"}
LAYOUT = " partition by date_trunc(event_date, month) cluster by batch, event_date, event as"


def test_events_lie_by_month(emulators: Emulators, new_workspace: NewWorkspace) -> None:
    workspace = new_workspace("bigquery")
    lines = workspace.path / "events.jsonl"
    lines.write_text(json.dumps(EVENT) + "\n")
    workspace.cli("load", str(lines))

    for built in (1, 2):
        workspace.dbt("build", "--full-refresh", "--select", "+int_segmentloom__sightings")
        assert emulators.journal("bigquery").read_text().count(LAYOUT) == built
