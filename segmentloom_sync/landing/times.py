"""Reads the times of events and says when an event happened."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from segmentloom_sync.landing import refused
from segmentloom_sync.landing.refused import Refused

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
# Seconds of epoch time have reached this only in the year 5138; milliseconds have since 1973.
_FIRST_MILLISECONDS: Final = 100_000_000_000
_EPOCH_TEXT = re.compile(r"\d{9,13}(?:\.\d+)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_time(value: Any) -> datetime | None:
    """A time of an event as UTC; None when absent.

    It may be ISO 8601 text with any number of fraction digits (no zone: UTC), or epoch seconds or
    milliseconds.

    Raises:
        Refused: it is something else.
    """
    if value is None:
        return None
    try:
        if type(value) is str:
            if value[4:5] == "-" and value[-1] == "Z":  # as nearly all are: no epoch, and in UTC already
                return datetime.fromisoformat(value)
            text = value.strip()
            if not _EPOCH_TEXT.fullmatch(text):
                time = datetime.fromisoformat(text)
                return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
            value = float(text) if "." in text else int(text)
        if type(value) is int or type(value) is float:
            seconds = value / 1000 if abs(value) >= _FIRST_MILLISECONDS else value
            return _EPOCH + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        pass
    raise Refused(refused.TIMESTAMP)


def occurred_at(
    *,
    timestamp: datetime | None,
    original: datetime | None,
    sent: datetime | None,
    received: datetime | None,
    loaded: datetime,
) -> tuple[datetime, datetime | None]:
    """When an event happened, by the clock of whoever received it.

    Where both `timestamp` and `original` are given, the timestamp counts, as RudderStack has it. Else the
    client's clock is corrected by received - (sent - original), as Segment has it, where somebody noted when
    the event was received; a file without that gives no such measure, so the client's time stands. A time
    later than five minutes after its arrival is that of a wrong clock: the arrival counts.

    Returns:
        That time; and the client's, where its clock was wrong in this way, else None.

    Raises:
        Refused: the correction leads out of the calendar.
    """
    arrival = received or loaded
    try:
        if timestamp is not None and original is not None:
            time = timestamp
        else:
            time = original or timestamp or arrival
            if sent is not None and received is not None and time is not arrival:
                time = received - max(timedelta(0), sent - time)
        return (arrival, time) if time - arrival > CLOCK_TOLERANCE else (time, None)
    except OverflowError:
        raise Refused(refused.TIMESTAMP) from None
