from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentloom_sync.landing.refused import Refused
from segmentloom_sync.landing.times import CLOCK_TOLERANCE, occurred_at, read_time

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LOADED = NOON + timedelta(days=3)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2026-11-20T12:00:00Z", NOON),
        ("2026-11-20T12:00:00.123Z", NOON + timedelta(milliseconds=123)),
        ("2026-11-20T12:00:00.123456+00:00", NOON + timedelta(microseconds=123456)),
        ("2026-11-20T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
        ("2026-11-20T14:00:00+02:00", NOON),
        ("2026-11-20T05:00:00-0700", NOON),
        ("2026-11-20 12:00:00", NOON),
        (" 2026-11-20T12:00 ", NOON),
        ("2026-11-20", NOON - timedelta(hours=12)),
        (NOON.timestamp(), NOON),
        (int(NOON.timestamp()), NOON),
        (int(NOON.timestamp() * 1000) + 7, NOON + timedelta(milliseconds=7)),
        (str(int(NOON.timestamp())), NOON),
        (str(int(NOON.timestamp() * 1000)), NOON),
        (f"{NOON.timestamp():.3f}", NOON),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (None, None),
    ],
)
def test_times_are_read(value: Any, time: datetime | None) -> None:
    assert read_time(value) == time


@pytest.mark.parametrize(
    "value",
    ["", " ", "yesterday", "2026-13-01T00:00:00Z", "12:00", True, [], {}, "1e9", 1e300, -1e300,
     "\u0662\u0660\u0662\u0666-11-20",
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "20"],
)  # fmt: skip
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(Refused):
        read_time(value)


@settings(deadline=None)
@given(st.text() | st.floats() | st.integers() | st.binary() | st.booleans())
def test_any_value_gives_a_time_or_a_refusal(value: Any) -> None:
    try:
        time = read_time(value)
    except Refused:
        return
    assert time is not None
    assert time.utcoffset() == timedelta(0)


def both(**given_times: datetime | None) -> tuple[datetime, datetime | None]:
    absent = dict.fromkeys(("timestamp", "original", "sent", "received"))
    return occurred_at(**{**absent, **given_times}, loaded=LOADED)


def happened(**given_times: datetime | None) -> datetime:
    return both(**given_times)[0]


def test_timestamp_and_original_together_make_the_timestamp_count() -> None:
    assert happened(timestamp=NOON, original=NOON + HOUR, sent=NOON + HOUR, received=LOADED) == NOON


def test_a_clients_clock_is_corrected_where_the_arrival_was_noted() -> None:
    # The client's clock is an hour fast; the event waited ten minutes before it was sent.
    minute = timedelta(minutes=1)
    for name in ("timestamp", "original"):
        given_times = {name: NOON + 50 * minute, "sent": NOON + 60 * minute, "received": NOON}
        assert happened(**given_times) == NOON - 10 * minute


def test_a_client_that_sent_before_it_happened_is_not_believed() -> None:
    assert happened(timestamp=NOON, sent=NOON - HOUR, received=NOON + HOUR) == NOON + HOUR


def test_without_a_noted_arrival_the_clients_time_stands() -> None:
    assert happened(timestamp=NOON, sent=NOON + HOUR) == NOON


def test_without_any_time_the_arrival_counts() -> None:
    assert happened() == LOADED
    assert happened(received=NOON) == NOON
    assert happened(received=NOON, sent=NOON - HOUR) == NOON


def test_a_time_after_its_arrival_is_that_of_a_wrong_clock() -> None:
    assert happened(timestamp=NOON + CLOCK_TOLERANCE, received=NOON) == NOON + CLOCK_TOLERANCE
    assert happened(timestamp=NOON + CLOCK_TOLERANCE + timedelta(microseconds=1), received=NOON) == NOON
    assert happened(timestamp=LOADED + HOUR) == LOADED
    assert happened(timestamp=NOON + HOUR, original=NOON, received=NOON) == NOON


@pytest.mark.parametrize("year", [1970, 2999])
def test_a_clock_that_is_years_off_is_corrected_or_told_of(year: int) -> None:
    there = NOON.replace(year=year)
    assert both(original=there, sent=there + HOUR, received=NOON) == (NOON - HOUR, None)
    told = (NOON, there) if there > NOON else (there, None)
    assert both(original=there, received=NOON) == told
    assert both(timestamp=there, original=NOON, received=NOON) == told


def test_a_correction_out_of_the_calendar_is_refused() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    with pytest.raises(Refused):
        happened(timestamp=first, sent=last, received=NOON)
