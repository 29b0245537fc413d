"""Turns the lines of a file into rows: events and refusals, in the order in which they stand there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from segmentloom_sync.landing import refused
from segmentloom_sync.landing.event import Envelope, Event, normalise
from segmentloom_sync.landing.json_line import MAX_BYTES, read, write
from segmentloom_sync.landing.phone import PhoneReader
from segmentloom_sync.landing.refused import Refused

_KEPT_BYTES_OF_A_LONG_LINE: Final = 64 * 1024


class Refusal(NamedTuple):
    """A line, or one event of a batch, that was not landed."""

    reason: str
    raw: str


class Row(NamedTuple):
    """What became of a line, or of one event of a batch."""

    line_number: int
    outcome: Event | Refusal


def rows(lines: Iterable[bytes], loaded_at: datetime, phones: PhoneReader | None = None) -> Iterator[Row]:
    """Read lines, each an event or a batch `{"batch": [...]}`; blank lines are passed over.

    An id that occurs twice in one batch is one delivery, that of its first event.
    """
    for number, line in enumerate(lines, start=1):
        if not line or line.isspace():
            continue
        try:
            value = read(line)
        except Refused as error:
            yield Row(number, Refusal(error.reason, stored_text(line)))
            continue
        if isinstance(value, dict) and isinstance(value.get("batch"), list):
            yield from _batch(number, value, line, loaded_at, phones)
        else:
            yield Row(number, _outcome(value, Envelope(), loaded_at, phones))


def _batch(
    number: int, value: dict[str, Any], line: bytes, loaded_at: datetime, phones: PhoneReader | None
) -> Iterator[Row]:
    context = value.get("context")
    envelope = Envelope(
        context=context if isinstance(context, dict) else {},
        sent_at=value.get("sentAt") or value.get("sent_at"),
        received_at=value.get("receivedAt") or value.get("received_at"),
    )
    if not value["batch"]:
        yield Row(number, Refusal(refused.EMPTY_BATCH, stored_text(line)))
    seen: set[str] = set()
    for item in value["batch"]:
        outcome = _outcome(item, envelope, loaded_at, phones)
        if isinstance(outcome, Event):
            if outcome.event_id in seen:
                continue
            seen.add(outcome.event_id)
        yield Row(number, outcome)


def _outcome(
    item: Any, envelope: Envelope, loaded_at: datetime, phones: PhoneReader | None
) -> Event | Refusal:
    try:
        if not isinstance(item, dict):
            raise Refused(refused.NOT_AN_OBJECT)
        return normalise(item, envelope, loaded_at, phones)
    except Refused as error:
        return Refusal(error.reason, write(item))


def stored_text(line: bytes) -> str:
    """The line as text that every warehouse stores: other bytes and NUL are written as escapes."""
    kept = line if len(line) <= MAX_BYTES else line[:_KEPT_BYTES_OF_A_LONG_LINE]
    return kept.rstrip(b"\r\n").decode("utf-8", "backslashreplace").replace("\0", "\\x00")
