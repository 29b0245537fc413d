"""What unmodified SDKs sent, landed as it is and built by dbt, against another program's reading of it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from segmentloom_sync.landing.files import find
from segmentloom_sync.landing.load import Loaded, Loader
from segmentloom_sync.landing.tables import EVENT_COLUMNS, EVENTS, REJECTED, REJECTED_COLUMNS
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.captures import assert_as_expected, write_bodies
from tests.workspace import Workspace

LOADED_AT = datetime(2026, 11, 24, tzinfo=UTC)


def test_recorded_requests_become_events_once_each(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "project")
    write_bodies(tmp_path / "bodies")
    project = Project.find(workspace.path)
    with closing(connect(project)) as warehouse:
        loader = Loader(warehouse, "web", lambda: LOADED_AT)
        loaded = sum(
            (loader.load(file, lambda _: None) for file in find([str(tmp_path / "bodies")])), Loaded()
        )
    assert (loaded.read, loaded.landed, loaded.rejected) == (150, 85, 0)

    workspace.dbt("build", "--select", "+segmentloom__events")

    with closing(connect(project, read_only=True)) as warehouse:
        columns = (
            "event_id", "type", "event", "user_id", "anonymous_id", "previous_id", "occurred_at", "email",
            "properties", "traits",
        )  # fmt: skip
        rows = warehouse.rows(f"select {', '.join(columns)} from {warehouse.relation('events')}")
    assert_as_expected([dict(zip(columns, row, strict=True)) for row in rows])


def test_dbt_and_the_loader_make_the_same_tables(tmp_path: Path) -> None:
    by_dbt = Workspace.create(tmp_path / "by_dbt")
    by_dbt.dbt("run", "--select", "stg_segmentloom__deliveries")
    by_loader = Workspace.create(tmp_path / "by_loader")

    described = {}
    for workspace in (by_dbt, by_loader):
        with closing(connect(Project.find(workspace.path))) as warehouse:
            if workspace is by_loader:
                warehouse.ensure_table(EVENTS, "raw", EVENT_COLUMNS)
                warehouse.ensure_table(REJECTED, "raw", REJECTED_COLUMNS)
            described[workspace] = [_described(warehouse, name) for name in (EVENTS, REJECTED)]

    assert described[by_dbt] == described[by_loader]


def _described(warehouse: Warehouse, name: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in warehouse.rows(f"describe {warehouse.relation(name, 'raw')}")]
