"""Packs rows into Arrow batches of bounded size, and counts them on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from segmentloom_sync.landing.event import Event
from segmentloom_sync.landing.lines import Row
from segmentloom_sync.landing.tables import STAGED_COLUMNS
from segmentloom_sync.warehouse import arrow

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
            yield _packed(pending)
            pending, size = [], 0
    if pending:
        yield _packed(pending)


def _packed(rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    import pyarrow as pa

    schema = arrow.schema(STAGED_COLUMNS)
    columns = [
        pa.array(values, type=kind)
        for values, kind in zip(zip(*rows, strict=True), schema.types, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
