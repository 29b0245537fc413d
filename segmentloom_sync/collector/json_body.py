"""Reads the JSON of a request: quickly where it is plainly good, else by the rules of `landing.json_line`.

msgspec decodes ten times as fast as those rules do, and takes three things that they refuse: a key that
occurs twice, NUL characters and integers beyond a double. `_is_plain` says of a text that none of them can be
in it; a text of which it does not say that is read by the rules. So both ways give the same answers.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import msgspec

from segmentloom_sync.collector.limits import BATCH_EVENTS
from segmentloom_sync.collector.request import Refusal
from segmentloom_sync.landing import refused
from segmentloom_sync.landing.json_line import MAX_DEPTH, read, write
from segmentloom_sync.landing.refused import Refused

_LONG_RUN: Final = 309
_SAMPLED: Final = 30
_TEN_DIGITS: Final = re.compile(rb"[0-9]{10}")
_ESCAPED: Final = re.compile(rb"\\u00(?:00|3[aA])")
_BATCH: Final = "batch"
_decode: Final = msgspec.json.Decoder().decode
_encoder: Final = msgspec.json.Encoder()
_raw_values: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_raw_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Item(NamedTuple):
    """One event of a request.

    Attributes:
        raw: its JSON on one line; of one that cannot be read, a JSON text that quotes it.
        value: what it says; None when it cannot be read.
        reason: why it cannot, one of `landing.refused`.
    """

    raw: bytes
    value: Any
    reason: str | None = None


class Batch(NamedTuple):
    """The events of a request, and what it says for all of them."""

    items: list[Item]
    envelope: dict[str, Any]


def read_event(text: bytes) -> tuple[bytes, dict[str, Any]]:
    """The one event of a request: its JSON on one line, and what it says.

    Raises:
        Refusal: 400, the text is no JSON object that every warehouse can store.
    """
    try:
        value = _decode(text)
        raw = _encoder.encode(value)
    except (msgspec.DecodeError, RecursionError):
        value, raw = None, b""
    if not (_is_plain(text, raw) and _is_shallow(raw)):
        try:
            value = read(text)
        except Refused as error:
            raise invalid_json(error.reason) from None
        raw = write(value).encode()
    if not isinstance(value, dict):
        raise invalid_json(refused.NOT_AN_OBJECT)
    return raw, value


def read_batch(text: bytes) -> Batch:
    """The events of a `{"batch": [...]}`.

    One event that cannot be stored does not spoil the others.

    Raises:
        Refusal: 400, the text is no such object; 413, it has too many events.
    """
    try:
        value = _decode(text)
    except (msgspec.DecodeError, RecursionError):
        return _read_one_by_one(text)
    if not isinstance(value, dict):
        raise invalid_json(refused.NOT_AN_OBJECT)
    events = _checked(value.get(_BATCH))
    envelope = {name: said for name, said in value.items() if name != _BATCH}
    written = _encoder.encode(envelope)
    lines = _encoder.encode_lines(events)  # no JSON text holds a line end, so each line is an event
    if not _is_plain(text, lines, written, colons=1) or not _is_shallow(written):
        return _read_one_by_one(text)
    items = [
        Item(raw, event) if _is_shallow(raw) else _read_alone(raw)
        for raw, event in zip(lines.splitlines(), events, strict=True)
    ]
    return Batch(items, envelope)


def encoded(value: Any) -> bytes:
    """The JSON of a value that was read here, on one line."""
    return _encoder.encode(value)


def invalid_json(reason: str) -> Refusal:
    """The answer to a body that is no JSON object."""
    return Refusal(400, "invalid_json", reason)


def _is_plain(text: bytes, *written: bytes, colons: int = 0) -> bool:
    """Whether a text that msgspec has read is plainly one that the rules take, but for its depth.

    Args:
        written: what msgspec writes of what it has read.
        colons: how many of the text's are not in there.
    """
    # A value that a second one of the same key has put away took at least its own colon with it. Else the
    # text and what is written of its value have the same colons, unless one was written as an escape.
    if text != written[0] and text.count(b":") != sum([part.count(b":") for part in written], colons):
        return False
    if b"\\" in text and _ESCAPED.search(text):
        return False
    # A run of more than 308 digits holds ten neighbours among the bytes that are looked at.
    return len(text) < _LONG_RUN or _TEN_DIGITS.search(text[::_SAMPLED]) is None


def _is_shallow(written: bytes) -> bool:
    return 0 < written.count(b"{") + written.count(b"[") <= MAX_DEPTH


def _checked(events: Any) -> list[Any]:
    if not isinstance(events, list):
        raise Refusal(400, "invalid_batch", "`batch` is no list of events", field=_BATCH)
    if not events:
        raise Refusal(400, "invalid_batch", refused.EMPTY_BATCH, field=_BATCH)
    if len(events) > BATCH_EVENTS:
        raise Refusal(413, "too_many_events", f"at most {BATCH_EVENTS:,} events are taken in one batch")
    return events


def _read_one_by_one(text: bytes) -> Batch:
    """By the rules of `landing.json_line`, each event on its own."""
    try:
        said = _raw_values(text)
        raws = _checked(_raw_list(said[_BATCH]) if _BATCH in said else None)
    except RecursionError:
        raise invalid_json(refused.TOO_DEEP) from None
    except msgspec.DecodeError:
        return _explained(text)
    colons = sum(name.count(":") + 1 + bytes(raw).count(b":") for name, raw in said.items())
    if text.count(b":") != colons:
        raise invalid_json(refused.DUPLICATE_KEY)
    try:
        envelope = {name: read(bytes(raw)) for name, raw in said.items() if name != _BATCH}
    except Refused as error:
        raise invalid_json(error.reason) from None
    return Batch([_read_alone(bytes(raw)) for raw in raws], envelope)


def _explained(text: bytes) -> Batch:
    """What is wrong with a text that is no object with a list of events."""
    try:
        value = read(text)
    except Refused as error:
        raise invalid_json(error.reason) from None
    if not isinstance(value, dict):
        raise invalid_json(refused.NOT_AN_OBJECT)
    events = _checked(value.get(_BATCH))
    envelope = {name: said for name, said in value.items() if name != _BATCH}
    return Batch([Item(write(event).encode(), event) for event in events], envelope)


def _read_alone(raw: bytes) -> Item:
    try:
        value = read(raw)
    except Refused as error:
        quoted = raw.decode("utf-8", "backslashreplace")
        return Item(write(quoted).encode(), None, error.reason)
    return Item(write(value).encode(), value)
