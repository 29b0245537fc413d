"""What unmodified SDKs sent, landed as it is and built by dbt, against another program's reading of it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from segmentloom_sync.landing.files import find
from segmentloom_sync.landing.load import Loaded, Loader
from segmentloom_sync.project import Project
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
