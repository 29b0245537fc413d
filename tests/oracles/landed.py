"""Writes deliveries and their loads into `S_raw` on any engine, as `segmentloom-sync load` would have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa

from segmentloom_sync.landing.tables import EVENT_COLUMNS, EVENTS, LOAD_COLUMNS, LOADS
from segmentloom_sync.warehouse import arrow
from segmentloom_sync.warehouse.base import Area, Columns, Warehouse
from tests.oracles.events import Delivery

JSON_COLUMNS = ("properties", "traits", "context")


def land(warehouse: Warehouse, deliveries: Sequence[Delivery]) -> None:
    """Append the deliveries in the order given, and a row in the manifest for each of their loads."""
    append(warehouse, EVENTS, "raw", EVENT_COLUMNS, [row(delivery) for delivery in deliveries])
    append(warehouse, LOADS, "raw", LOAD_COLUMNS, loads(deliveries))


def append(
    warehouse: Warehouse, table: str, area: Area, columns: Columns, rows: Sequence[dict[str, Any]]
) -> None:
    """Append rows to a table, which is made when it is missing. JSON comes as text."""
    warehouse.ensure_table(table, area, columns)
    batch = pa.RecordBatch.from_pylist(rows, schema=arrow.schema(columns))
    staged = warehouse.stage(f"new_{table}", area, columns, [batch])
    values = [warehouse.json_from_text(name) if kind == "json" else name for name, kind in columns.items()]
    warehouse.execute(
        f"insert into {warehouse.relation(table, area)} ({', '.join(columns)})"
        f" select {', '.join(values)} from {staged}"
    )
    warehouse.drop(staged)


def loads(deliveries: Iterable[Delivery]) -> list[dict[str, Any]]:
    """The rows of `S_raw.loads`: a load that has none is still going on, and is not read."""
    by_load = sorted(deliveries, key=lambda one: one.load_id)
    return [
        {
            "load_id": load_id,
            "source_id": of_load[0].source_id,
            "file_name": f"{load_id}.jsonl",
            "file_digest": load_id,
            "loaded_at": of_load[0].loaded_at,
            "read": len(of_load),
            "landed": len(of_load),
            "duplicates": 0,
            "rejected": 0,
        }
        for load_id, group in groupby(by_load, key=lambda one: one.load_id)
        if (of_load := list(group))
    ]


def row(delivery: Delivery) -> dict[str, Any]:
    """A delivery as a row of `S_raw.events`, JSON as text."""
    values: dict[str, Any] = {name: getattr(delivery, name, None) for name in EVENT_COLUMNS}
    values["event"] = delivery.name
    values["received_at"] = delivery.loaded_at
    values["event_date"] = delivery.occurred_at.date()
    for name in JSON_COLUMNS:
        values[name] = None if values[name] is None else json.dumps(values[name], ensure_ascii=False)
    return values
