"""Writes deliveries into `S_raw.events` of a DuckDB file, as `segmentloom-sync load` would have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from tests.oracles.events import Delivery

COLUMNS = {
    "event_id": "varchar",
    "source_id": "varchar",
    "type": "varchar",
    "event": "varchar",
    "occurred_at": "timestamp",
    "original_timestamp": "timestamp",
    "sent_at": "timestamp",
    "received_at": "timestamp",
    "loaded_at": "timestamp",
    "anonymous_id": "varchar",
    "user_id": "varchar",
    "previous_id": "varchar",
    "group_id": "varchar",
    "email": "varchar",
    "properties": "json",
    "traits": "json",
    "context": "json",
    "library": "varchar",
    "ip": "varchar",
    "user_agent": "varchar",
    "event_date": "date",
    "load_id": "varchar",
    "line_number": "bigint",
}


def row(delivery: Delivery) -> dict[str, Any]:
    """A delivery as a row of `S_raw.events`; JSON as text, times without their zone, which is UTC."""
    texts = ("event_id", "source_id", "type", "anonymous_id", "user_id", "previous_id", "email", "load_id")
    values: dict[str, Any] = {name: getattr(delivery, name) for name in texts}
    values["event"] = delivery.name
    values["line_number"] = delivery.line_number
    values["occurred_at"] = delivery.occurred_at.replace(tzinfo=None)
    values["loaded_at"] = values["received_at"] = delivery.loaded_at.replace(tzinfo=None)
    values["event_date"] = delivery.occurred_at.date()
    for name in ("properties", "traits", "context"):
        value = getattr(delivery, name)
        values[name] = None if value is None else json.dumps(value, ensure_ascii=False)
    return values


def land(database: Path, deliveries: Sequence[Delivery]) -> None:
    """Append the deliveries in the order given."""
    with duckdb.connect(str(database), config={"storage_compatibility_version": "v1.5.0"}) as connection:
        definitions = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
        connection.execute("create schema if not exists segmentloom_raw")
        connection.execute(f"create table if not exists segmentloom_raw.events ({definitions})")
        connection.register("deliveries", pa.Table.from_pylist([row(delivery) for delivery in deliveries]))
        connection.execute("insert into segmentloom_raw.events by name select * from deliveries")
