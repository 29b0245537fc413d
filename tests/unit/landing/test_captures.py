"""What unmodified SDKs sent, given to `load` as it is, against another program's reading of it."""

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

COLUMNS = (
    "event_id", "type", "event", "user_id", "anonymous_id", "previous_id", "group_id", "library",
    "occurred_at", "original_timestamp", "sent_at", "email", "properties", "traits",
)  # fmt: skip


def test_recorded_requests_land_once_each_as_expected(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "project")
    write_bodies(tmp_path / "bodies")
    with closing(connect(Project.find(workspace.path))) as warehouse:
        loader = Loader(warehouse, "web", lambda: datetime(2026, 11, 24, tzinfo=UTC))
        loaded = sum(
            (loader.load(file, lambda _: None) for file in find([str(tmp_path / "bodies")])), Loaded()
        )
        rows = warehouse.rows(
            f"""
            select {", ".join(COLUMNS)}
            from {warehouse.relation("events", "raw")}
            where true
            qualify row_number() over (
                partition by source_id, event_id order by loaded_at, load_id, line_number
            ) = 1
            """
        )

    assert loaded == Loaded(read=150, landed=85, duplicates=65)
    assert len(rows) == 85
    assert_as_expected([dict(zip(COLUMNS, row, strict=True)) for row in rows])
