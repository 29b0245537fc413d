"""Exports of other products from build to build: what is late or rewritten, as a full build has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.incremental_events import IncrementalEvents
from tests.killable_dbt import Run
from tests.source_tables import add_rows, fixture, make_table

SOURCES: list[dict[str, Any]] = [
    {"name": "site", "kind": "segment", "schema": "calls"},
    {"name": "ga", "kind": "ga4", "schema": "analytics"},
]
TRACK: dict[str, Any] = {
    "event": "bought",
    "event_text": "Bought",
    "user_id": "u1",
    "anonymous_id": "d1",
    "received_at": "2026-03-01 10:00:00",
    "timestamp": "2026-03-01 10:00:00",
}
GA4: dict[str, Any] = fixture("ga4_events_20261120")[0]


def hit(day: int, second: int, user: str | None = None, **fields: Any) -> dict[str, Any]:
    """A row of Google Analytics of a day in November 2026."""
    microseconds = 1795132800_000000 + ((day - 20) * 86400 + second) * 1_000_000
    return {**GA4, "event_timestamp": microseconds, "event_date": f"202611{day}", "user_id": user, **fields}


class Exports:
    """A Segment schema and a dataset of Google Analytics, beside each other."""

    def __init__(self, events: IncrementalEvents) -> None:
        self.events = events

    def table(self, name: str, *rows: dict[str, Any]) -> None:
        """Make a table in place of what has its name."""
        with self.events.warehouse() as warehouse:
            make_table(warehouse, name, rows)

    def drop(self, name: str) -> None:
        """Drop a table."""
        self.events.rows(f"drop table {name}")

    def add(self, name: str, *rows: dict[str, Any]) -> None:
        """Add rows to one."""
        with self.events.warehouse() as warehouse:
            add_rows(warehouse, name, rows)

    def build(self, *arguments: str) -> Run:
        """Build the events of both."""
        return self.events.build(*arguments, "--vars", json.dumps({"segmentloom_sources": SOURCES}))

    def rows(self, source: str) -> list[tuple[Any, ...]]:
        """The events of one, without the columns that say which build they came with."""
        return self.events.rows(
            f"select * exclude (batch) from events where source_id = '{source}' order by event_id"
        )

    def build_and_compare(self) -> str:
        """Build, then build everything: both must say the same. Gives what the first printed."""
        output = self.build().output
        built = self.rows("site"), self.rows("ga")
        self.build("--full-refresh")
        assert (self.rows("site"), self.rows("ga")) == built
        return output


@pytest.fixture(scope="module")
def built(events_project: IncrementalEvents) -> Path:
    """The warehouse after a build of one event in `tracks` and of five dates."""
    events_project.reset()
    exports = Exports(events_project)
    exports.table("calls.tracks", {**TRACK, "id": "t1", "uuid_ts": "2026-03-10 00:00:00"})
    for day in (16, 17, 18, 19):
        exports.table(f"analytics.events_202611{day}", hit(day, 1), hit(day, 2, "u2"))
    exports.table("analytics.events_intraday_20261120", hit(20, 1), hit(20, 2, "u2"))
    exports.build()
    assert len(exports.rows("ga")) == 10
    return events_project.keep("exports")


@pytest.fixture
def exports(events_project: IncrementalEvents, built: Path) -> Exports:
    """Those."""
    events_project.reset(built)
    return Exports(events_project)


def test_nothing_new_changes_nothing(exports: Exports) -> None:
    before = exports.events.rows("from latest_progress order by consumer")
    exports.build()
    assert exports.events.rows("from latest_progress order by consumer") == before


def test_the_properties_of_a_track_may_come_later(exports: Exports) -> None:
    exports.table("calls.bought", {**TRACK, "id": "t1", "total": 5, "uuid_ts": "2026-03-10 01:00:00"})
    exports.add("calls.tracks", {**TRACK, "id": "t1", "uuid_ts": "2026-03-11 00:00:00"})
    exports.add("calls.tracks", {**TRACK, "id": "t2", "uuid_ts": "2026-03-11 00:00:00"})
    output = exports.build_and_compare()

    assert "are built anew" not in output, "a new table or column is no reason to build everything"
    found = exports.events.rows(
        "select event_id, properties, loaded_at from events where source_id = 'site' order by 1"
    )
    assert [(row[0], json.loads(row[1]), f"{row[2]:%d %H}") for row in found] == [
        ("t1", {"total": 5}, "10 00"),
        ("t2", {}, "11 00"),
    ]


def test_a_column_may_become_text_and_another_one_may_come(exports: Exports) -> None:
    exports.table("calls.bought", {**TRACK, "id": "t1", "total": 5, "uuid_ts": "2026-03-10 01:00:00"})
    exports.build()
    exports.events.rows("alter table calls.bought alter column total type varchar")
    exports.events.rows("alter table calls.bought add column coupon varchar")
    late = {**TRACK, "id": "t2", "uuid_ts": "2026-03-11 00:00:00"}
    exports.add("calls.tracks", late)
    exports.add("calls.bought", {**late, "total": "five", "coupon": "SPRING"})
    output = exports.build_and_compare()

    assert "are built anew" not in output
    found = exports.events.rows("select properties from events where source_id = 'site' order by event_id")
    assert [json.loads(text) for (text,) in found] == [
        {"total": "5"},
        {"coupon": "SPRING", "total": "five"},
    ]


def test_the_last_dates_are_replaced_whole(exports: Exports) -> None:
    exports.table("analytics.events_20261118", hit(18, 1, traffic_source=None), hit(18, 3, "u3"))
    exports.table("analytics.events_20261120", hit(20, 1), hit(20, 3, "u3"))
    exports.table("analytics.events_intraday_20261121", hit(21, 1))
    exports.drop("analytics.events_intraday_20261120")
    exports.build()

    retracted = exports.events.rows("select count(*) from int_segmentloom__retractions")
    assert retracted == [(3,)], "two have gone, one has changed"
    incremental = exports.rows("ga")
    assert len(incremental) == 11
    exports.build("--full-refresh")
    assert exports.rows("ga") == incremental


def test_a_date_before_those_is_not_looked_at(exports: Exports) -> None:
    exports.table("analytics.events_20261116", hit(16, 9))
    exports.build()
    assert len(exports.rows("ga")) == 10
    exports.build("--full-refresh")
    assert len(exports.rows("ga")) == 9


def test_a_date_that_only_loses_events_is_noticed(exports: Exports) -> None:
    exports.table("analytics.events_20261119", hit(19, 2, "u2"))
    output = exports.build_and_compare()
    assert len(exports.rows("ga")) == 9
    assert "0 events added, 0 of them in place of another delivery, 1 gone" in output
