"""Shapes streams of Arrow batches: exact sizes, UTC timestamps, schemas of our logical types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from segmentloom_sync.warehouse.base import Columns

if TYPE_CHECKING:
    import pyarrow as pa


def schema(columns: Columns) -> pa.Schema:
    """The Arrow schema of staged rows; `json` travels as text, timestamps are UTC."""
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "date": pa.date32(),
        "json": pa.string(),
    }
    return pa.schema([pa.field(name, types[kind]) for name, kind in columns.items()])


def utc(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with every timestamp as UTC microseconds; one without a zone is taken to be UTC already."""
    import pyarrow as pa

    wanted = pa.timestamp("us", tz="UTC")
    arrays = []
    for array in batch.columns:
        if pa.types.is_timestamp(array.type) and array.type != wanted:
            # Two steps: a cast from no zone to UTC keeps the wall clock only when the unit is equal.
            array = array.cast(pa.timestamp("us", tz=array.type.tz)).cast(wanted)
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def exactly(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """Cut and join a stream into batches of exactly `size` rows; only the last may be smaller."""
    kept: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        rest = batch
        while count + rest.num_rows >= size:
            kept.append(rest.slice(0, size - count))
            rest = rest.slice(size - count)
            yield _joined(kept)
            kept, count = [], 0
        if rest.num_rows:
            kept.append(rest)
            count += rest.num_rows
    if kept:
        yield _joined(kept)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    import pyarrow as pa

    if len(batches) == 1:
        return batches[0]
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
