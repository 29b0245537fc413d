"""Writes deliveries into `S_raw.events` on any engine, as `segmentloom-sync load` would have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from segmentloom_sync.landing.tables import EVENT_COLUMNS, EVENTS
from segmentloom_sync.warehouse import arrow
from segmentloom_sync.warehouse.base import Warehouse
from tests.oracles.events import Delivery

JSON_COLUMNS = ("properties", "traits", "context")


def land(warehouse: Warehouse, deliveries: Sequence[Delivery]) -> None:
    """Append the deliveries in the order given."""
    rows = [row(delivery) for delivery in deliveries]
    warehouse.ensure_table(EVENTS, "raw", EVENT_COLUMNS)
    batch = pa.RecordBatch.from_pylist(rows, schema=arrow.schema(EVENT_COLUMNS))
    staged = warehouse.stage("deliveries", "raw", EVENT_COLUMNS, [batch])
    values = [
        warehouse.json_from_text(name) if kind == "json" else name for name, kind in EVENT_COLUMNS.items()
    ]
    warehouse.execute(
        f"insert into {warehouse.relation(EVENTS, 'raw')} ({', '.join(EVENT_COLUMNS)})"
        f" select {', '.join(values)} from {staged}"
    )
    warehouse.drop(staged)


def row(delivery: Delivery) -> dict[str, Any]:
    """A delivery as a row of `S_raw.events`, JSON as text."""
    values: dict[str, Any] = {name: getattr(delivery, name, None) for name in EVENT_COLUMNS}
    values["event"] = delivery.name
    values["received_at"] = delivery.loaded_at
    values["event_date"] = delivery.occurred_at.date()
    for name in JSON_COLUMNS:
        values[name] = None if values[name] is None else json.dumps(values[name], ensure_ascii=False)
    return values
