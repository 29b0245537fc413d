"""Shapes streams of Arrow batches: exact sizes, the same types from every engine."""

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


def without_zones(schema: pa.Schema) -> pa.Schema:
    """The schema with times in UTC that do not say so."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field(field.name, pa.timestamp(field.type.unit))
            if pa.types.is_timestamp(field.type)
            else field
            for field in schema
        ]
    )


def plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with the same types from every engine, and from every part of one result.

    Times are UTC microseconds (one without a zone is UTC already), whole numbers 64 bits wide. Snowflake
    sends numbers as wide as the values of each part need.
    """
    import pyarrow as pa

    arrays = [_plain(array) for array in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _plain(array: pa.Array) -> pa.Array:
    import pyarrow as pa

    kind = array.type
    if pa.types.is_timestamp(kind):
        return array.cast(pa.timestamp("us", tz=kind.tz), safe=False).cast(pa.timestamp("us", tz="UTC"))
    if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale == 0):
        return array.cast(pa.int64())
    if pa.types.is_large_string(kind):
        return array.cast(pa.string())
    return array


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
