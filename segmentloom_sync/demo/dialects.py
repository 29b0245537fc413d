"""How an event is written down: the web sends the Segment dialect, the app and the store the native one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from segmentloom_sync.demo.traffic import Event

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def iso(milliseconds: int) -> str:
    """A time as ISO 8601 text in UTC."""
    text = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def native(event: Event, received: int) -> str:
    """A line of the native dialect (snake_case)."""
    return _line(
        {
            "type": event.type,
            "event": event.name if event.type == "track" else None,
            "message_id": event.message_id,
            "anonymous_id": event.anonymous_id,
            "user_id": event.user_id,
            "previous_id": event.previous_id,
            "timestamp": iso(event.at),
            "received_at": iso(received),
            "properties": event.properties,
            "traits": event.traits,
            "context": event.context,
        }
    )


def segment(event: Event, received: int) -> str:
    """A line of the Segment dialect (camelCase), as an archive of it has them."""
    at = iso(event.at)
    return _line(
        {
            "type": event.type,
            "event": event.name if event.type == "track" else None,
            "messageId": event.message_id,
            "anonymousId": event.anonymous_id,
            "userId": event.user_id,
            "previousId": event.previous_id,
            "timestamp": at,
            "originalTimestamp": at,
            "sentAt": at,
            "receivedAt": iso(received),
            "properties": event.properties,
            "traits": event.traits,
            "context": event.context | {"library": {"name": "analytics.js", "version": "next-1.84.3"}},
        }
    )


def _line(fields: dict[str, Any]) -> str:
    kept = {key: value for key, value in fields.items() if value not in (None, {})}
    return _encode(kept)
