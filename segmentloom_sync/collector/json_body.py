"""Reads the JSON of a request: quickly where it is plainly good, else by the rules of `landing.json_line`.

msgspec decodes ten times as fast as those rules do, and takes things that they refuse: values nested too
deeply, integers beyond a double, NUL characters, and a key that occurs twice. The first two are not of the
type that it is asked for here, the others are looked for in the text. A text in which one of them may be is
read by the rules. So both ways give the same answers.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, NamedTuple

import msgspec

from segmentloom_sync.collector.limits import BATCH_EVENTS
from segmentloom_sync.collector.request import Refusal
from segmentloom_sync.landing import refused
from segmentloom_sync.landing.json_line import read, write
from segmentloom_sync.landing.refused import Refused

_QUICK_DEPTH: Final = 8
"""Of a whole body; the rules read deeper ones. A type with one level more takes twice as long to make."""
_LONG: Final = 2**63 - 1
_ESCAPED: Final = re.compile(rb"\\u00(?:00|3[aA])")
_BATCH: Final = "batch"
_BATCH_START: Final = b'"batch":['


def _values(depth: int) -> Any:
    """The type of JSON values that are nested so deeply at most, and whose integers fit into 64 bits."""
    simple = str | Annotated[int, msgspec.Meta(ge=-_LONG, le=_LONG)] | float | bool | None
    values: Any = simple
    for _ in range(depth):
        values = simple | list[values] | dict[str, values]
    return values


_decode: Final = msgspec.json.Decoder(_values(_QUICK_DEPTH)).decode
_encoder: Final = msgspec.json.Encoder()
_raw_values: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_raw_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode

Item = tuple[bytes, Any, str | None]
"""One event of a request: its JSON on one line, what it says, and why it cannot be read.

Of one that cannot be read the first is a JSON text that quotes it, the second None.
"""


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
        is_plain = (text == raw or text.count(b":") == raw.count(b":")) and not _has_odd_escape(text)
    except msgspec.DecodeError:
        is_plain = False
    if not is_plain:
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
    except msgspec.DecodeError:
        return _read_one_by_one(text)
    if not isinstance(value, dict) or not isinstance(value.get(_BATCH), list):
        return _read_one_by_one(text)  # which says what is wrong with it
    events = _checked(value[_BATCH])
    envelope = {name: said for name, said in value.items() if name != _BATCH}
    lines = _encoder.encode_lines(events)  # no JSON text holds a line end, so each line is an event
    if not _has_every_colon(text, lines, _encoder.encode(envelope)) or _has_odd_escape(text):
        return _read_one_by_one(text)
    return Batch(list(zip(lines.splitlines(), events, [None] * len(events), strict=True)), envelope)


def encoded(value: Any) -> bytes:
    """The JSON of a value that was read here, on one line."""
    return _encoder.encode(value)


def invalid_json(reason: str) -> Refusal:
    """The answer to a body that is no JSON object."""
    return Refusal(400, "invalid_json", reason)


# A value that a second one of the same key has put away took at least its own colon with it. Else a text and
# what is written of its value have the same colons, unless one was written as an escape.


def _has_odd_escape(text: bytes) -> bool:
    """Whether a NUL or a colon may be written as an escape there."""
    return b"\\" in text and _ESCAPED.search(text) is not None


def _has_every_colon(text: bytes, lines: bytes, envelope: bytes) -> bool:
    """Whether a text has the colons of the events and the envelope that were read from it, and one more."""
    events = lines[:-1].replace(b"\n", b",")
    start = text.find(_BATCH_START) + len(_BATCH_START)
    if text.startswith(events, start):  # as browsers write it: there is no need to count them
        rest = text[:start] + text[start + len(events) :]
        return rest.count(b":") == envelope.count(b":") + 1
    return text.count(b":") == lines.count(b":") + envelope.count(b":") + 1


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
    return Batch([(write(event).encode(), event, None) for event in events], envelope)


def _read_alone(raw: bytes) -> Item:
    try:
        value = read(raw)
    except Refused as error:
        quoted = raw.decode("utf-8", "backslashreplace")
        return write(quoted).encode(), None, error.reason
    return write(value).encode(), value, None
