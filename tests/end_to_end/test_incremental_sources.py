"""Configured sources from build to build, by load time where they say it, and how late rows may be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.incremental_events import IncrementalEvents
from tests.killable_dbt import Run

COLUMNS = {"event_id": "id", "event": "name", "user_id": "who", "occurred_at": "happened"}
TIMED = {
    "name": "it's timed",
    "kind": "custom",
    "relation": "shop.timed",
    "columns": {**COLUMNS, "loaded_at": "synced"},
}
PLAIN = {"name": "plain", "kind": "custom", "relation": "shop.plain", "columns": COLUMNS}


class Shop:
    """Two tables of a shop, one of which says when its rows were loaded, on 2026-03-`day`."""

    def __init__(self, events: IncrementalEvents) -> None:
        self.events = events

    def timed(self, event_id: str, synced: str | None, name: str = "x", who: str | None = "u1") -> None:
        """Add a row with a load time."""
        synced = f"'{synced}'" if synced else "null"
        who = f"'{who}'" if who else "null"
        self.events.rows(
            f"insert into shop.timed values ('{event_id}', '{name}', {who}, '2026-03-01', {synced})"
        )

    def plain(self, event_id: str, at: str = "2026-03-01", name: str = "x") -> None:
        """Add a row without one."""
        self.events.rows(f"insert into shop.plain values ('{event_id}', '{name}', 'u1', '{at}')")

    def build(self, *arguments: str, **variables: Any) -> Run:
        """Build the events of both."""
        variables = {"segmentloom_sources": [TIMED, PLAIN], **variables}
        return self.events.build(*arguments, "--vars", json.dumps(variables))

    @property
    def names(self) -> dict[str, str]:
        """Which rows count."""
        found = self.events.rows("select event_id, event from events where source_id <> 'web'")
        return dict(found)

    @property
    def watermarks(self) -> list[str]:
        """How far each source has been read."""
        sql = "select consumer, watermark from latest_progress where watermark is not null order by 1"
        return [f"{consumer} {watermark}" for consumer, watermark in self.events.rows(sql)]


@pytest.fixture(scope="module")
def built(events_project: IncrementalEvents) -> Path:
    """The warehouse after a build of the shop with one event in each table."""
    events_project.reset()
    columns = "id varchar, name varchar, who varchar, happened varchar"
    events_project.rows("create schema shop")
    events_project.rows(f"create table shop.timed ({columns}, synced varchar)")
    events_project.rows(f"create table shop.plain ({columns})")
    shop = Shop(events_project)
    shop.timed("t1", "2026-03-10")
    shop.plain("p1")
    shop.build()
    assert shop.names == {"t1": "x", "p1": "x"}
    assert shop.watermarks == ["source:it's timed 2026-03-10 00:00:00"]
    return events_project.keep("shop")


@pytest.fixture
def shop(events_project: IncrementalEvents, built: Path) -> Shop:
    """That shop."""
    events_project.reset(built)
    return Shop(events_project)


def test_rows_since_the_watermark_are_read_and_late_ones_of_three_days(shop: Shop) -> None:
    shop.timed("new", "2026-03-11 00:00:00.000001")
    shop.timed("late", "2026-03-07")
    shop.timed("too late", "2026-03-06 23:59:59")
    shop.timed("no load time", None)
    shop.build()

    assert shop.names.keys() == {"t1", "p1", "new", "late", "no load time"}
    assert shop.watermarks == ["source:it's timed 2026-03-11 00:00:00.000001"]
    shop.build("--full-refresh")
    assert "too late" in shop.names


def test_the_hours_are_configurable(shop: Shop) -> None:
    shop.timed("late", "2026-03-09 23:00:00")
    shop.build(segmentloom_lookback_hours=0)
    assert "late" not in shop.names
    shop.build(segmentloom_lookback_hours=1)
    assert "late" in shop.names


def test_a_late_row_with_an_earlier_load_time_takes_the_place(shop: Shop) -> None:
    shop.timed("t1", "2026-03-09", "earlier")
    shop.timed("t1", "2026-03-11", "later")
    shop.build()

    assert shop.names == {"t1": "earlier", "p1": "x"}
    assert shop.events.rows("select source_id, event_id, batch from int_segmentloom__retractions") == [
        ("it's timed", "t1", 3)
    ]


def test_a_load_time_in_the_future_hides_nothing(shop: Shop) -> None:
    shop.timed("future", "2999-01-01")
    shop.build()
    shop.timed("t2", "2026-03-12")
    shop.build()

    assert shop.names.keys() == {"t1", "p1", "future", "t2"}
    assert shop.watermarks == ["source:it's timed 2026-03-12 00:00:00"]


def test_a_load_time_before_all_others_stops_nothing(shop: Shop) -> None:
    shop.events.rows("delete from shop.timed")
    shop.timed("t0", "0001-01-01")
    shop.build("--full-refresh")
    assert shop.watermarks == []
    shop.timed("t2", "2026-03-02")
    shop.build()

    assert shop.names.keys() == {"t0", "p1", "t2"}


def test_rows_that_are_refused_move_the_watermark(shop: Shop) -> None:
    shop.timed("refused", "2026-03-20", who=None)
    shop.build()

    assert shop.names.keys() == {"t1", "p1"}
    assert shop.watermarks == ["source:it's timed 2026-03-20 00:00:00"]
    assert shop.events.rows("select max(batch) from events") == [(2,)]


def test_a_table_without_load_times_is_read_whole(shop: Shop) -> None:
    shop.plain("p0", at="2020-01-01")
    shop.plain("p1", at="2027-01-01", name="later")
    shop.build()

    assert shop.names == {"t1": "x", "p0": "x", "p1": "x"}
    assert dict(shop.events.rows("select event_id, batch from events where source_id = 'plain'")) == {
        "p0": 3,
        "p1": 2,
    }


def test_nothing_new_in_sources_changes_nothing(shop: Shop) -> None:
    before = shop.events.rows("from latest_progress order by consumer")
    run = shop.build()

    written = [one.sql for one in run.statements if one.writes and one.node.endswith("segmentloom__events")]
    assert all("events__changed" in sql for sql in written)
    assert shop.events.rows("from latest_progress order by consumer") == before


@pytest.mark.parametrize("hours", [-1, "72", True, 10**9])
def test_hours_that_are_none_are_an_error(shop: Shop, hours: Any) -> None:
    with pytest.raises(
        AssertionError, match=r"segmentloom_lookback_hours is .*; write a number of hours from 0"
    ):
        shop.build(segmentloom_lookback_hours=hours)
