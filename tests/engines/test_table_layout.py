"""BigQuery bills what is read: events lie by month, batch, day and event; landed ones by day of load."""

from __future__ import annotations

import json
import re

import pytest

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


@pytest.mark.slow
def test_an_increment_reads_the_days_of_new_loads_only(
    emulators: Emulators, new_workspace: NewWorkspace
) -> None:
    workspace = new_workspace("bigquery")
    lines = workspace.path / "events.jsonl"
    journal = emulators.journal("bigquery")
    begun = len(journal.read_text())
    for number in (1, 2):
        lines.write_text(json.dumps({**EVENT, "message_id": f"m{number}"}) + "\n")
        workspace.cli("load", str(lines))
        loaded = len(journal.read_text())
        workspace.dbt(
            "build", "--select", "+segmentloom__events", "--exclude-resource-type", "test", "unit_test"
        )

    made = re.search(r"create table if not exists \S+_raw`\.`events` \((.*?)\"", journal.read_text()[begun:])
    assert made
    assert made[1].endswith(" partition by timestamp_trunc(loaded_at, day)")
    increment = journal.read_text()[loaded:].replace("\\n", " ")
    reads = re.findall(r"from \S+_raw`\.`events` (.{100})", increment)
    assert reads
    assert all(re.match(r" +where +loaded_at >= cast\('2\d{3}-", read) for read in reads), reads
