"""The landed tables as dbt makes them, before anything was ever loaded, and as the loader makes them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from segmentloom_sync.landing.tables import (
    EVENT_COLUMNS,
    EVENTS,
    LOAD_COLUMNS,
    LOADS,
    REJECTED,
    REJECTED_COLUMNS,
)
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.workspace import Workspace

TABLES = {EVENTS: EVENT_COLUMNS, REJECTED: REJECTED_COLUMNS, LOADS: LOAD_COLUMNS}


def _columns(warehouse: Warehouse, table: str) -> list[tuple[str, str]]:
    rows = warehouse.rows(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = 'segmentloom_raw' and table_name = :name order by ordinal_position",
        name=table,
    )
    return [(str(name), str(type_)) for name, type_ in rows]


def test_dbt_makes_the_tables_that_the_loader_makes(tmp_path: Path) -> None:
    by_dbt = Workspace.create(tmp_path / "by_dbt")
    by_dbt.dbt("build", "--exclude-resource-type", "unit_test", "--select", "+segmentloom__rejected_events")
    with closing(connect(Project.find(by_dbt.path, by_dbt.path))) as warehouse:
        made = {name: _columns(warehouse, name) for name in TABLES}

    by_loader = Workspace.create(tmp_path / "by_loader")
    with closing(connect(Project.find(by_loader.path, by_loader.path))) as warehouse:
        for name, columns in TABLES.items():
            warehouse.ensure_table(name, "raw", columns)
        assert {name: _columns(warehouse, name) for name in TABLES} == made
    assert len(made[EVENTS]) == len(EVENT_COLUMNS)
