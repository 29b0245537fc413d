"""Packs rows into Arrow batches of bounded size, and counts them on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from segmentloom_sync.landing.event import Event
from segmentloom_sync.landing.lines import Row
from segmentloom_sync.landing.tables import STAGED_COLUMNS
from segmentloom_sync.warehouse import arrow
from segmentloom_sync.warehouse.base import Columns

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS: Final = 10_000
_BYTES: Final = 16 * 1024 * 1024
_NO_EVENT: Final = (None,) * len(Event._fields)


@dataclass
class Counts:
    """How many events were read, and how many refused for each reason."""

    read: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        """All refused."""
        return self.reasons.total()


def batches(rows: Iterable[Row], counts: Counts) -> Iterator[pa.RecordBatch]:
    """Arrow batches with the staged columns; `counts` is complete when the last was taken."""
    pending: list[tuple[Any, ...]] = []
    size = 0
    for number, outcome in rows:
        if isinstance(outcome, Event):
            pending.append((number, *outcome, None, None))
            size += len(outcome.properties) + len(outcome.traits) + len(outcome.context)
        else:
            pending.append((number, *_NO_EVENT, *outcome))
            size += len(outcome.raw)
            counts.reasons[outcome.reason] += 1
        counts.read += 1
        if len(pending) == _ROWS or size > _BYTES:
            yield packed(pending, STAGED_COLUMNS, {})
            pending, size = [], 0
    if pending:
        yield packed(pending, STAGED_COLUMNS, {})


def packed(rows: list[tuple[Any, ...]], columns: Columns, same: Mapping[str, Any]) -> pa.RecordBatch:
    """An Arrow batch of rows.

    Args:
        rows: the values of the first columns; times are aware or in UTC.
        columns: all columns.
        same: the values of the last columns, which are the same in all rows.
    """
    import pyarrow as pa

    schema = arrow.schema(columns)
    values = list(zip(*rows, strict=True))
    arrays = [_array(column, kind) for column, kind in zip(values, schema.types, strict=False)]
    arrays += [pa.repeat(pa.scalar(same[name], schema.field(name).type), len(rows)) for name in same]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: Iterable[Any], kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if not pa.types.is_timestamp(kind):
        return pa.array(values, type=kind)
    # Without a zone here Arrow need not ask the times for theirs; those that have one are turned into UTC.
    return pa.array(values, type=pa.timestamp(kind.unit)).cast(kind)
