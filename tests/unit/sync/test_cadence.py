"""When audiences are due: by the clock's hours and days, wherever the clock hangs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import pytz

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.sync.cadence import due_at, due_audiences, time_zone

NOW = datetime(2026, 11, 28, 9, 0, 30, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_audience_is_due_once_in_each_hour_or_day_of_the_clock() -> None:
    evaluated = {
        "this_hour": at("2026-11-28T09:00:00"),
        "last_hour": at("2026-11-28T08:59:59"),
        "today": at("2026-11-28T00:00:00"),
        "yesterday": at("2026-11-27T23:59:59.999999"),
        "unfinished": NOW,
    }
    cadences = {
        "this_hour": "hourly",
        "last_hour": "hourly",
        "today": "daily",
        "yesterday": "daily",
        "unfinished": "daily",
        "never": "daily",
    }
    due = due_audiences(cadences, evaluated, ["unfinished"], NOW, pytz.utc)
    assert due == ["last_hour", "yesterday", "unfinished", "never"]


@pytest.mark.parametrize(
    ("zone", "cadence", "evaluated", "due"),
    [
        ("UTC", "hourly", "2026-11-28T08:59:59.9", "2026-11-28T09:00"),
        ("UTC", "daily", "2026-11-28T08:59", "2026-11-29T00:00"),
        ("Europe/Berlin", "daily", "2026-11-27T22:59", "2026-11-27T23:00"),
        ("Europe/Berlin", "daily", "2026-11-27T23:00", "2026-11-28T23:00"),
        ("America/New_York", "daily", "2026-11-28T04:59", "2026-11-28T05:00"),
        # An hour of the clock begins at another minute than in UTC.
        ("Asia/Kolkata", "hourly", "2026-11-28T08:29", "2026-11-28T08:30"),
        ("Asia/Kolkata", "hourly", "2026-11-28T08:30", "2026-11-28T09:30"),
        # The days on which clocks change have 23 and 25 hours, and an hour that comes twice counts twice.
        ("Europe/Berlin", "daily", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("Europe/Berlin", "daily", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("Europe/Berlin", "hourly", "2026-10-25T00:30", "2026-10-25T01:00"),
        ("Europe/Berlin", "hourly", "2026-10-25T01:30", "2026-10-25T02:00"),
        # Midnight that is skipped, and midnight that comes twice.
        ("Africa/Cairo", "daily", "2026-04-23T12:00", "2026-04-23T22:00"),
        ("America/Havana", "daily", "2026-10-31T12:00", "2026-11-01T04:00"),
    ],
)
def test_turns_begin_where_the_clock_says(zone: str, cadence: str, evaluated: str, due: str) -> None:
    assert due_at(cadence, at(evaluated), NOW, pytz.timezone(zone)) == at(due)


@pytest.mark.parametrize("cadence", ["hourly", "daily"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Africa/Cairo", "America/Havana", "Asia/Kolkata"])
def test_all_year_long_a_turn_ends_after_it_began_and_within_its_length(zone: str, cadence: str) -> None:
    longest = {"hourly": timedelta(hours=1), "daily": timedelta(hours=25)}[cadence]
    moment = at("2026-01-01T00:00")
    while moment < at("2027-01-01T00:00"):
        due = due_at(cadence, moment, NOW, pytz.timezone(zone))
        assert moment < due <= moment + longest
        moment += timedelta(minutes=97)


def test_the_time_zone_is_that_of_the_projects_vars() -> None:
    assert time_zone({}) is pytz.utc
    assert str(time_zone({"segmentloom_time_zone": "Asia/Kolkata"})) == "Asia/Kolkata"
    for wrong in ("Mars/Base", 5, None):
        with pytest.raises(ConfigError, match="segmentloom_time_zone must be the name of a time zone"):
            time_zone({"segmentloom_time_zone": wrong})
