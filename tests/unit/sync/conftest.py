"""A warehouse, a platform and a runner for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.duckdb import DuckDb
from segmentloom_sync.warehouse.duckdb_open import SCRATCH
from tests.unit.sync.memory_platform import MemoryPlatform, buyers
from tests.unit.sync.shop import Shop, TestClock


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    warehouse = open_memory_warehouse()
    yield warehouse
    warehouse.close()


def open_memory_warehouse() -> Warehouse:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"attach ':memory:' as {SCRATCH}")
    return DuckDb(connection, "segmentloom", lambda: None)


@pytest.fixture
def shop(warehouse: Warehouse, clock: TestClock) -> Shop:
    shop = Shop(warehouse, clock)
    shop.prepare()
    return shop


@pytest.fixture
def platform() -> MemoryPlatform:
    return MemoryPlatform()


@pytest.fixture
def target(platform: MemoryPlatform) -> SyncTarget:
    return buyers(platform)


@pytest.fixture
def runner(warehouse: Warehouse, clock: TestClock) -> SyncRunner:
    return SyncRunner(warehouse, clock)
