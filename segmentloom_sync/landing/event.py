"""Normalises one event of either dialect to the columns of landed events.

The native dialect writes `user_id`, Segment's `userId`; a key is looked for in Segment's spelling first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from segmentloom_sync.landing import refused
from segmentloom_sync.landing.json_line import write, write_sorted
from segmentloom_sync.landing.phone import PhoneReader, stated_phone
from segmentloom_sync.landing.refused import Refused
from segmentloom_sync.landing.times import occurred_at, read_time

CLOCK_FUTURE: Final = "clock_future"
"""The key of context that says of an event: its time lay in the future, and that of its arrival counts."""
ASCII_BLANKS: Final = " \t\n\r\f\v"
_NAMES: Final[Mapping[str, str | None]] = {
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "identify": None,
    "group": None,
    "alias": None,
}
VIEWS: Final = frozenset({"page", "screen"})
"""Types whose events have the name of their type; what was seen is in `TITLES`."""
TITLES: Final = ("name", "category")
"""Segment's libraries write them beside the properties of a view, those of browsers within them, too."""
_EXACT_FLOATS: Final = 2**53
_NOTHING: Final[Mapping[str, Any]] = {}


class Envelope(NamedTuple):
    """What is known of an event beside what it says itself.

    Attributes:
        context: of the batch; the event's own keys count before it.
        sent_at: of the batch, where the event has none.
        received_at: of the batch, where the event has none.
        type: of the route, where the event has none.
        message_id: of the request, where the event has none.
        arrival: when the collector got it, aware; no other time of arrival counts then.
        ip: the sender's address, as the collector saw it.
        keeps_own_ip: `context.ip` of the event counts before that.
        gpc: the sender's browser asked not to sell or share (Global Privacy Control).
    """

    context: Mapping[str, Any] = _NOTHING
    sent_at: Any = None
    received_at: Any = None
    type: Any = None
    message_id: str | None = None
    arrival: datetime | None = None
    ip: str | None = None
    keeps_own_ip: bool = False
    gpc: bool = False


class Event(NamedTuple):
    """A normalised event; `properties`, `traits` and `context` are JSON text."""

    event_id: str
    type: str
    event: str | None
    occurred_at: datetime
    original_timestamp: datetime | None
    sent_at: datetime | None
    received_at: datetime
    anonymous_id: str | None
    user_id: str | None
    previous_id: str | None
    group_id: str | None
    email: str | None
    phone: str | None
    properties: str
    traits: str
    context: str
    library: str | None
    ip: str | None
    user_agent: str | None


def normalise(
    item: Mapping[str, Any], envelope: Envelope, loaded_at: datetime, phones: PhoneReader | None = None
) -> Event:
    """Turn one event into a row.

    Args:
        item: the event as it was sent.
        envelope: what the batch around it and the collector say.
        loaded_at: counts as the time of arrival when the event names none.
        phones: reads the phone number; default: one that knows no region.

    Raises:
        Refused: the event has an unknown type, no name where it needs one, an id that is neither text nor a
            whole number, an unreadable time, or nothing that identifies anybody.
    """
    kind, name = type_and_name(envelope.type if item.get("type") is None else item["type"], item.get("event"))
    user_id = _identifier(item, "userId", "user_id")
    anonymous_id = _identifier(item, "anonymousId", "anonymous_id")
    previous_id = _identifier(item, "previousId", "previous_id")
    context = _object(item.get("context"))
    if envelope.context:
        context = {**envelope.context, **context}
    if envelope.gpc:
        context = {**context, "gpc": True}
    context_traits = _object(context.get("traits"))
    properties = _object(item.get("properties"))
    if kind in VIEWS:
        properties = {**titles(item, properties), **properties}
    traits = _object(item.get("traits"))
    email = first_email(traits.get("email"), context_traits.get("email"), properties.get("email"))
    phone = stated_phone(kind, traits, context_traits)
    if not traits and kind in ("identify", "group"):
        traits = context_traits
    if not (user_id or anonymous_id or email or (kind == "alias" and previous_id)):
        raise Refused(refused.NO_IDENTIFIER)

    happened, original, sent, received, is_of_future = _times(item, envelope, loaded_at)
    if is_of_future:
        context = {**context, CLOCK_FUTURE: True}
    library = context.get("library")
    return Event(
        _identifier(item, "messageId", "message_id") or envelope.message_id or derived_id(item),
        kind,
        name,
        happened,
        original,
        sent,
        received,
        anonymous_id,
        user_id,
        previous_id,
        _identifier(item, "groupId", "group_id"),
        email,
        (phones or PhoneReader()).read(phone) if phone else None,
        write(properties) if properties else "{}",
        write(traits) if traits else "{}",
        write(context) if context else "{}",
        _text(library.get("name") if isinstance(library, dict) else library),
        _address(context, envelope),
        _text(_either(context, "userAgent", "user_agent")),
    )


def derived_id(item: Mapping[str, Any]) -> str:
    """The id of an event that has none: the SHA-256 of its compact JSON with sorted keys."""
    return hashlib.sha256(write_sorted(item).encode()).hexdigest()


def type_and_name(kind: Any, name: Any) -> tuple[str, str | None]:
    """The type and the name of an event as they are landed.

    Args:
        kind: its type as it was sent.
        name: its name as it was sent.

    Raises:
        Refused: there is no such type, or a track has no name.
    """
    if kind is None and name is not None:
        kind = "track"
    if isinstance(kind, str):
        kind = kind.lower()
    if kind == "track":
        if not isinstance(name, str) or not name.strip():
            raise Refused(refused.TRACK_WITHOUT_EVENT)
        return kind, name
    if not isinstance(kind, str) or kind not in _NAMES:
        raise Refused(refused.UNKNOWN_TYPE)
    return kind, _NAMES[kind]


def titles(item: Mapping[str, Any], properties: Container[str]) -> dict[str, str]:
    """What a page or screen is called beside its properties, which count before it.

    Args:
        item: the event as it was sent.
        properties: the names of those that it has.
    """
    beside = {name: item.get(name) for name in TITLES if name not in properties}
    return {name: value for name, value in beside.items() if type(value) is str and value}


def _times(
    item: Mapping[str, Any], envelope: Envelope, loaded_at: datetime
) -> tuple[datetime, datetime | None, datetime | None, datetime, bool]:
    """occurred_at, original_timestamp, sent_at, received_at; whether the client's clock was ahead."""
    timestamp = read_time(item.get("timestamp"))
    original = read_time(_either(item, "originalTimestamp", "original_timestamp"))
    sent = read_time(_either(item, "sentAt", "sent_at") or envelope.sent_at)
    received = envelope.arrival or read_time(
        _either(item, "receivedAt", "received_at") or envelope.received_at
    )
    happened, future = occurred_at(
        timestamp=timestamp, original=original, sent=sent, received=received, loaded=loaded_at
    )
    return happened, future or original or timestamp, sent, received or loaded_at, future is not None


def _either(item: Mapping[str, Any], camel: str, snake: str) -> Any:
    value = item.get(camel)
    return item.get(snake) if value is None else value


def _identifier(item: Mapping[str, Any], camel: str, snake: str) -> str | None:
    value = _either(item, camel, snake)
    if value is None:
        return None
    if type(value) is str:
        return value.strip(ASCII_BLANKS) or None
    if type(value) is int:
        return str(value)
    if type(value) is float and value.is_integer() and abs(value) < _EXACT_FLOATS:
        return str(int(value))
    raise Refused(refused.ID_NOT_TEXT)


def first_email(*values: Any) -> str | None:
    """The address of an event: the first that is text and not blank, in lower case; None without an @."""
    for value in values:
        if isinstance(value, str):
            email = value.strip(ASCII_BLANKS)
            if email:
                return email.lower() if "@" in email else None
    return None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _NOTHING


def _address(context: Mapping[str, Any], envelope: Envelope) -> str | None:
    if envelope.ip is None or envelope.keeps_own_ip:
        return _text(context.get("ip")) or envelope.ip
    return envelope.ip


def _text(value: Any) -> str | None:
    return value or None if isinstance(value, str) else None
