"""Says whether an event will be landed, before it is kept: what is answered with 200, `load` takes.

What an event must have is written in `landing.event` alone. An event that plainly has it is let through by a
handful of comparisons; any other is put through `normalise` itself, and its reason given.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from segmentloom_sync.collector.limits import EVENT_BYTES, MESSAGE_ID_CHARACTERS
from segmentloom_sync.landing import refused
from segmentloom_sync.landing.event import ASCII_BLANKS, Envelope, normalise
from segmentloom_sync.landing.phone import PhoneReader
from segmentloom_sync.landing.refused import Refused

TOO_LARGE: Final = f"event larger than {EVENT_BYTES // 1024} KiB"
LONG_MESSAGE_ID: Final = f"message id longer than {MESSAGE_ID_CHARACTERS} characters"
ALIAS_NEEDS_A_SERVER: Final = "alias needs a secret key"

FIELDS: Final[Mapping[str, str]] = {
    refused.UNKNOWN_TYPE: "type",
    refused.TRACK_WITHOUT_EVENT: "event",
    refused.NO_IDENTIFIER: "user_id",
    refused.TIMESTAMP: "timestamp",
    LONG_MESSAGE_ID: "message_id",
    ALIAS_NEEDS_A_SERVER: "type",
}
"""Which field of an event a reason speaks of."""

_TYPES: Final = frozenset({"identify", "page", "screen", "group"})
_WHO: Final = "who"
_TIME: Final = "time"
_LOOKED_AT: Final[Mapping[str, str]] = {
    **dict.fromkeys(("userId", "user_id", "anonymousId", "anonymous_id"), _WHO),
    **dict.fromkeys(("timestamp", "originalTimestamp", "original_timestamp"), _TIME),
    **dict.fromkeys(("sentAt", "sent_at", "receivedAt", "received_at"), _TIME),
    **dict.fromkeys(("previousId", "previous_id", "groupId", "group_id", "messageId", "message_id"), "other"),
}
"""The fields that are to be text, and what of."""
_YEARS: Final = range(1900, 2200)
"""Between these no correction of a clock leads out of the calendar."""


class _NoPhones(PhoneReader):
    """Nothing is asked of a phone number here."""

    def read(self, text: str) -> str | None:
        return None


_no_phones: Final = _NoPhones()


class Judge:
    """Judges the events of one request.

    Args:
        is_secret: they came with a secret key.
        now: when they came.
        envelope: the batch around them; None: there is none.
    """

    __slots__ = ("_envelope", "_has_plain_envelope", "_is_secret", "_now")

    def __init__(self, is_secret: bool, now: datetime, envelope: Envelope | None = None) -> None:
        self._is_secret = is_secret
        self._now = now
        self._envelope = envelope
        self._has_plain_envelope = (
            envelope is None or envelope.sent_at is None or _is_plainly_a_time(envelope.sent_at)
        )

    def reason_against(self, event: Any, size: int, event_id: str | None) -> str | None:
        """Why an event is not accepted; None when it is.

        Args:
            event: what its JSON says.
            size: of its JSON in bytes.
            event_id: what `message_id` says of it.

        Returns:
            A text of this module or of `landing.refused`, which holds nothing of the event.
        """
        if size > EVENT_BYTES:
            return TOO_LARGE
        if not (self._has_plain_envelope and _is_plainly_good(event)):
            reason = self._reason_of_landing(event)
            if reason:
                return reason
        if event_id is not None and len(event_id) > MESSAGE_ID_CHARACTERS:
            return LONG_MESSAGE_ID
        return None

    def _reason_of_landing(self, event: Any) -> str | None:
        if not isinstance(event, dict):
            return refused.NOT_AN_OBJECT
        envelope = (self._envelope or Envelope())._replace(arrival=self._now)
        try:
            landed = normalise(event, envelope, self._now, _no_phones)
        except Refused as error:
            return error.reason
        return ALIAS_NEEDS_A_SERVER if landed.type == "alias" and not self._is_secret else None


def message_id(event: Any) -> str | None:
    """The id that an event brings, as text; None when it brings none."""
    if type(event) is not dict:
        return None
    value = event.get("messageId")
    if value is None:
        value = event.get("message_id")
    return None if value is None else str(value).strip(ASCII_BLANKS) or None


def _is_plainly_good(event: Any) -> bool:
    """Whether it is one of those that `normalise` takes, as nearly all are; no alias."""
    if type(event) is not dict:
        return False
    kind, name = event.get("type"), event.get("event")
    if kind == "track" or (kind is None and name is not None):
        if type(name) is not str or not name.strip():
            return False
    elif type(kind) is not str or kind not in _TYPES:
        return False
    is_somebodys = False
    for field, value in event.items():
        kind = _LOOKED_AT.get(field)
        if kind is None or value is None:
            continue
        if type(value) is not str or (kind is _TIME and not _is_plainly_a_time(value)):
            return False
        if kind is _WHO:
            is_somebodys = is_somebodys or value.strip(ASCII_BLANKS) != ""
    return is_somebodys


def _is_plainly_a_time(value: Any) -> bool:
    try:
        return type(value) is str and datetime.fromisoformat(value).year in _YEARS
    except ValueError:
        return False
