"""Turns the lines of a segment into rows: the quick way where an event is as usual, the strict way else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from segmentloom_sync.landing import refused
from segmentloom_sync.landing.event import Envelope, Event, normalise
from segmentloom_sync.landing.json_line import read, write
from segmentloom_sync.landing.lines import Refusal, stored_text
from segmentloom_sync.landing.phone import PhoneReader
from segmentloom_sync.landing.refused import Refused
from segmentloom_sync.landing.times import read_time
from segmentloom_sync.spool.quick_event import decode, quick

UNKNOWN_SOURCE: Final = "unknown"
NO_RECORD: Final = "not a record of the spool"


Delivery = tuple[str, datetime, Event | Refusal]
"""What became of a record: its source, when the collector got it, and the event or why there is none."""


class _Record(msgspec.Struct):
    received_at: str
    key: str
    source: str
    event: msgspec.Raw
    ip: str | None = None
    keeps_own_ip: bool = False
    gpc: bool = False
    envelope: dict[str, Any] | None = None
    refused: str | None = None


_strict_record = msgspec.json.Decoder(_Record).decode


class RecordReader:
    """Reads records.

    Args:
        loaded_at: counts as the time of arrival of what is no record.
        phones: reads phone numbers.
        is_quick: take the quick way where it can be.
    """

    def __init__(self, loaded_at: datetime, phones: PhoneReader, *, is_quick: bool = True) -> None:
        self._loaded_at = loaded_at
        self._phones = phones
        self._is_quick = is_quick
        self._time_text = ""
        self._time = self._naive = loaded_at

    def deliveries(self, content: bytes) -> Iterator[Delivery]:
        """What became of each line of a frame, in order."""
        is_quick = self._is_quick
        has_escapes = b"\\u" in content
        for line in content.splitlines() if b"\r" not in content else content.rstrip(b"\n").split(b"\n"):
            if is_quick and not (has_escapes and b"\\u" in line):
                try:
                    record = decode(line)
                    if record.refused is None:
                        received_at = self._arrival(record.received_at)
                        event = quick(record, self._naive, self._phones)
                        if event is not None:
                            yield record.source, received_at, event
                            continue
                except (msgspec.DecodeError, Refused, RecursionError, UnicodeDecodeError):
                    pass
            yield self._strictly(line)

    def _strictly(self, line: bytes) -> Delivery:
        try:
            record = _strict_record(line)
            received_at = self._arrival(record.received_at)
        except (msgspec.DecodeError, Refused, RecursionError, UnicodeDecodeError):
            return UNKNOWN_SOURCE, self._loaded_at, Refusal(NO_RECORD, stored_text(line))
        raw = bytes(record.event)
        return record.source, received_at, self._outcome(record, raw, received_at)

    def _outcome(self, record: _Record, raw: bytes, received_at: datetime) -> Event | Refusal:
        if record.refused is not None:
            return Refusal(record.refused, stored_text(raw))
        try:
            item = read(raw)
        except Refused as error:
            return Refusal(error.reason, stored_text(raw))
        try:
            if not isinstance(item, dict):
                raise Refused(refused.NOT_AN_OBJECT)
            return normalise(item, _envelope(record, received_at), self._loaded_at, self._phones)
        except Refused as error:
            return Refusal(error.reason, write(item))

    def _arrival(self, text: str) -> datetime:
        if text != self._time_text:
            time = read_time(text)
            if time is None:
                raise Refused(refused.TIMESTAMP)
            self._time_text, self._time = text, time
            self._naive = time.replace(tzinfo=None)
        return self._time


def _envelope(record: _Record, received_at: datetime) -> Envelope:
    said = record.envelope or {}
    context = said.get("context")
    return Envelope(
        context=context if isinstance(context, dict) else {},
        sent_at=said.get("sent_at"),
        type=said.get("type"),
        message_id=said.get("message_id"),
        arrival=received_at,
        ip=record.ip,
        keeps_own_ip=record.keeps_own_ip,
        gpc=record.gpc,
    )
