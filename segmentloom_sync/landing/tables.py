"""The tables that events are landed in, all in the raw schema."""

from __future__ import annotations

from typing import Final

from segmentloom_sync.warehouse.base import Columns

EVENTS: Final = "events"
REJECTED: Final = "rejected_events"
LOADS: Final = "loads"

# One row per delivery, appended only. Of several deliveries of an event the first by loaded_at, load_id,
# line_number counts.
EVENT_COLUMNS: Final[Columns] = {
    "event_id": "string",
    "source_id": "string",
    "type": "string",
    "event": "string",
    "occurred_at": "timestamp",
    "original_timestamp": "timestamp",
    "sent_at": "timestamp",
    "received_at": "timestamp",
    "loaded_at": "timestamp",
    "anonymous_id": "string",
    "user_id": "string",
    "previous_id": "string",
    "group_id": "string",
    "email": "string",
    "phone": "string",
    "properties": "json",
    "traits": "json",
    "context": "json",
    "library": "string",
    "ip": "string",
    "user_agent": "string",
    "event_date": "date",
    "load_id": "string",
    "line_number": "integer",
}

# One row per line, or event of a batch, that was refused.
REJECTED_COLUMNS: Final[Columns] = {
    "source_id": "string",
    "load_id": "string",
    "line_number": "integer",
    "reason": "string",
    "raw": "string",
    "received_at": "timestamp",
    "loaded_at": "timestamp",
}

# One row per file content and source: what has a row here is never landed again.
LOAD_COLUMNS: Final[Columns] = {
    "load_id": "string",
    "source_id": "string",
    "file_name": "string",
    "file_digest": "string",
    "loaded_at": "timestamp",
    "read": "integer",
    "landed": "integer",
    "duplicates": "integer",
    "rejected": "integer",
}

_OF_THE_LOAD: Final = frozenset({"source_id", "loaded_at", "event_date", "load_id", "line_number"})

# What a file's rows are staged as: events have no reason, refusals nothing but reason and raw.
STAGED_COLUMNS: Final[Columns] = {
    "line_number": "integer",
    **{name: kind for name, kind in EVENT_COLUMNS.items() if name not in _OF_THE_LOAD},
    "reason": "string",
    "raw": "string",
}
