"""The tables that events are landed in, all in the raw schema."""

from __future__ import annotations

import hashlib
from typing import Final

from segmentloom_sync.warehouse.base import Columns, Warehouse

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


def ensure_tables(warehouse: Warehouse) -> None:
    """Create what is missing; never drops or empties anything."""
    for name, columns in ((EVENTS, EVENT_COLUMNS), (REJECTED, REJECTED_COLUMNS), (LOADS, LOAD_COLUMNS)):
        warehouse.ensure_table(name, "raw", columns)


def load_id_of(source_id: str, file_digest: str) -> str:
    """The load of a content for a source: 32 hexadecimal digits, the same whenever it is landed."""
    return hashlib.sha256(f"{source_id}\n{file_digest}".encode()).hexdigest()[:32]


def staged_values(warehouse: Warehouse) -> dict[str, str]:
    """The columns of landed events as SQL over staged rows, in which JSON is text and no date is."""
    values = {
        name: warehouse.json_from_text(name) if kind == "json" else name
        for name, kind in EVENT_COLUMNS.items()
    }
    return values | {"event_date": "cast(occurred_at as date)"}
