from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentloom_sync.warehouse import arrow


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), max_size=12), st.integers(1, 20))
def test_batches_are_cut_to_size_and_lose_nothing(lengths: list[int], size: int) -> None:
    total = sum(lengths)
    numbers = iter(range(total))
    given_batches = [
        pa.RecordBatch.from_pydict({"n": pa.array([next(numbers) for _ in range(length)], pa.int64())})
        for length in lengths
    ]

    cut = list(arrow.exactly(given_batches, size))

    assert [n for batch in cut for n in batch.column("n").to_pylist()] == list(range(total))
    assert all(batch.num_rows == size for batch in cut[:-1])
    assert all(0 < batch.num_rows <= size for batch in cut)


def test_types_are_the_same_whatever_the_engine_sent() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    batch = pa.RecordBatch.from_pydict(
        {
            "without_zone": pa.array([noon.replace(tzinfo=None)], pa.timestamp("ns")),
            "other_zone": pa.array([noon], pa.timestamp("ms", tz="America/Denver")),
            "small": pa.array([7], pa.int8()),
            "decimal": pa.array([Decimal(8)], pa.decimal128(38, 0)),
            "exact": pa.array([Decimal("8.5")], pa.decimal128(38, 1)),
            "large": pa.array(["x"], pa.large_string()),
        }
    )

    plain = arrow.plain(batch)

    time = pa.timestamp("us", tz="UTC")
    assert plain.schema.types == [time, time, pa.int64(), pa.int64(), pa.decimal128(38, 1), pa.string()]
    assert plain.to_pylist()[0]["without_zone"] == plain.to_pylist()[0]["other_zone"] == noon
