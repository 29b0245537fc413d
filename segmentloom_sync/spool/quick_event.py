"""Normalises the events of the spool that are as nearly all are, many times as fast as `landing.event`.

What the collector has checked and written in the spool needs no second check: properties, traits and context
pass through as the JSON text that they are. An event in which anything is unusual is left to `landing.event`,
which says what is right: this module gives the same rows or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw

from segmentloom_sync.landing.event import (
    ASCII_BLANKS,
    CLOCK_FUTURE,
    TITLES,
    VIEWS,
    Event,
    first_email,
    titles,
    type_and_name,
)
from segmentloom_sync.landing.phone import PhoneReader, stated_phone
from segmentloom_sync.landing.refused import Refused
from segmentloom_sync.landing.times import occurred_at, read_time

_EMPTY: Final = Raw(b"{}")
_NOTHING: Final[Mapping[str, Any]] = {}
_BROWSER: Final = frozenset({"userAgent"})


class SentEvent(msgspec.Struct, gc=False):
    """The parts of an event, in either dialect, that become columns; ids and times of any type."""

    type: Any = None
    event: Any = None
    name: Any = None
    category: Any = None
    userId: Any = None
    user_id: Any = None
    anonymousId: Any = None
    anonymous_id: Any = None
    previousId: Any = None
    previous_id: Any = None
    groupId: Any = None
    group_id: Any = None
    messageId: Any = None
    message_id: Any = None
    timestamp: Any = None
    originalTimestamp: Any = None
    original_timestamp: Any = None
    sentAt: Any = None
    sent_at: Any = None
    properties: Raw = _EMPTY
    traits: Raw = _EMPTY
    context: Raw = _EMPTY


class Record(msgspec.Struct, gc=False):
    """A record; see `spool.record`."""

    received_at: str
    key: str
    source: str
    event: SentEvent
    ip: str | None = None
    keeps_own_ip: bool = False
    gpc: bool = False
    envelope: dict[str, Any] | None = None
    refused: str | None = None


class _Context(msgspec.Struct, gc=False):
    ip: Any = None
    userAgent: Any = UNSET
    user_agent: Any = None
    library: Any = None
    gpc: Any = UNSET
    clock_future: Any = UNSET
    traits: Raw = _EMPTY


class _Titles(msgspec.Struct, gc=False):
    name: Any = UNSET
    category: Any = UNSET


class _Person(msgspec.Struct, gc=False):
    email: Any = None
    phone: Any = None


decode: Final = msgspec.json.Decoder(Record).decode
_context_of: Final = msgspec.json.Decoder(_Context).decode
_titles_of: Final = msgspec.json.Decoder(_Titles).decode
_person_of: Final = msgspec.json.Decoder(_Person).decode
_encode: Final = msgspec.json.Encoder().encode


def quick(record: Record, received_at: datetime, phones: PhoneReader) -> Event | None:
    """The row of an event, with times in UTC that do not say so; None when `landing.event` has to say.

    Args:
        record: read from text without `\\u` escapes.
        received_at: the record's time of arrival, in UTC, not aware.
        phones: reads the phone number.
    """
    try:
        return _row(record, received_at, phones)
    except (_Unusual, Refused, UnicodeDecodeError, msgspec.DecodeError):
        return None


class _Unusual(Exception):
    """`landing.event` has to say."""


def _row(record: Record, received_at: datetime, phones: PhoneReader) -> Event:
    sent, envelope = record.event, record.envelope or _NOTHING
    kind, name = type_and_name(envelope.get("type") if sent.type is None else sent.type, sent.event)
    user_id = _id(sent.userId, sent.user_id)
    anonymous_id = _id(sent.anonymousId, sent.anonymous_id)
    previous_id = _id(sent.previousId, sent.previous_id)
    event_id = _id(sent.messageId, sent.message_id) or envelope.get("message_id")
    if not event_id:
        raise _Unusual  # it is derived from the whole event
    properties, traits, context = _object(sent.properties), _object(sent.traits), _object(sent.context)
    if kind in VIEWS and (sent.name or sent.category):
        properties = _titled(sent, properties)
    in_context = _context_of(context)
    context_traits = _object(in_context.traits)

    email = phone = None
    if traits != "{}" or context_traits != "{}" or '"email"' in properties:
        stated, around = _person_of(traits), _person_of(context_traits)
        email = first_email(stated.email, around.email, _person_of(properties).email)
        phone = stated_phone(kind, {"phone": stated.phone}, {"phone": around.phone})
        if traits == "{}" and kind in ("identify", "group"):
            traits = context_traits
    if not (user_id or anonymous_id or email or (kind == "alias" and previous_id)):
        raise _Unusual

    timestamp = _time(sent.timestamp)
    original = _time(_either(sent.originalTimestamp, sent.original_timestamp))
    sent_at = _time(_either(sent.sentAt, sent.sent_at) or envelope.get("sent_at"))
    happened, future = occurred_at(
        timestamp=timestamp, original=original, sent=sent_at, received=received_at, loaded=received_at
    )
    library = in_context.library
    agent = None if in_context.userAgent is UNSET else in_context.userAgent
    if record.gpc or future or "context" in envelope:
        batch = envelope.get("context") or _NOTHING
        context = _with(context, in_context, batch, gpc=record.gpc, is_of_future=future is not None)
        agent = agent or (envelope.get("context") or _NOTHING).get("userAgent")
    ip = record.ip
    if ip is None or record.keeps_own_ip:
        ip = _text(in_context.ip) or ip
    return Event(
        event_id,
        kind,
        name,
        happened,
        future or original or timestamp,
        sent_at,
        received_at,
        anonymous_id,
        user_id,
        previous_id,
        _id(sent.groupId, sent.group_id),
        email,
        phones.read(phone) if phone else None,
        properties,
        traits,
        context,
        _text(library.get("name") if type(library) is dict else library),
        ip,
        _text(_either(agent, in_context.user_agent)),
    )


def _titled(sent: SentEvent, properties: str) -> str:
    """The properties' text with what the view is called beside them."""
    within = _titles_of(properties)
    taken = [name for name in TITLES if getattr(within, name) is not UNSET]
    added = titles({"name": sent.name, "category": sent.category}, taken)
    return _before(properties, added) if added else properties


def _before(text: str, said: Mapping[str, Any]) -> str:
    """The text of an object with something put before what it has."""
    added = _encode(said).decode()
    return added if text == "{}" else f"{added[:-1]},{text[1:]}"


def _either(camel: Any, snake: Any) -> Any:
    return snake if camel is None else camel


def _time(value: Any) -> datetime | None:
    """A time in UTC that does not say so: that is half as dear to make, and to store."""
    if value is None:
        return None
    if type(value) is not str or value[4:5] != "-" or value[-1] != "Z":
        time = read_time(value)
        return time and time.replace(tzinfo=None)
    try:
        time = datetime.fromisoformat(value[:-1])
    except ValueError:
        raise _Unusual from None
    if time.tzinfo is not None:
        raise _Unusual
    return time


def _id(camel: Any, snake: Any) -> str | None:
    value = snake if camel is None else camel
    if value is None:
        return None
    if type(value) is not str:
        raise _Unusual
    return value.strip(ASCII_BLANKS) or None


def _object(text: Raw) -> str:
    if text is _EMPTY:
        return "{}"
    value = str(text, "utf-8")
    if value[:1] != "{":
        raise _Unusual
    return value


def _with(context: str, known: _Context, around: Mapping[str, Any], *, gpc: bool, is_of_future: bool) -> str:
    """The context's text with what is added to it, which it must not have itself."""
    has_own_agent = known.userAgent is not UNSET
    if (around and (has_own_agent or around.keys() != _BROWSER)) or (gpc and known.gpc is not UNSET):
        raise _Unusual
    if is_of_future and known.clock_future is not UNSET:
        raise _Unusual
    said = {**around, **({"gpc": True} if gpc else {}), **({CLOCK_FUTURE: True} if is_of_future else {})}
    return _before(context, said) if said else context


def _text(value: Any) -> str | None:
    return value or None if type(value) is str else None
