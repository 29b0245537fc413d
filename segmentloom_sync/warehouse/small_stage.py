"""Stages rows that fit in memory: where the engine lives in this process, they need not be copied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from segmentloom_sync.warehouse.base import Area, Columns, Warehouse
from segmentloom_sync.warehouse.duckdb import DuckDb

if TYPE_CHECKING:
    import pyarrow as pa


def stage_in_memory(
    warehouse: Warehouse, name: str, area: Area, columns: Columns, batches: Iterable[pa.RecordBatch]
) -> str:
    """As `Warehouse.stage`; only `rows`, `execute` and `apply` of this connection may look at the rows."""
    if isinstance(warehouse, DuckDb):
        return warehouse.stage_in_memory(name, area, columns, batches)
    return warehouse.stage(name, area, columns, batches)
