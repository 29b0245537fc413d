"""Ctrl-C ends a query that takes long, as Ctrl-C and not as an error of the engine."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType

import duckdb
import pytest

from segmentloom_sync.errors import WarehouseError
from segmentloom_sync.warehouse.duckdb import DuckDb


@pytest.fixture
def warehouse() -> Iterator[DuckDb]:
    connection = duckdb.connect()
    yield DuckDb(connection, "segmentloom", lambda: None)
    connection.close()


def test_it_ends_a_query(warehouse: DuckDb) -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            warehouse.rows("select count(*) from range(1000000) as a, range(10000) as b")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert warehouse.rows("select 1") == [(1,)]


def test_other_errors_stay_what_they_are(warehouse: DuckDb) -> None:
    with pytest.raises(WarehouseError, match="the warehouse refused a query"):
        warehouse.rows("select nothing")
