"""What unmodified SDKs sent, given to `load` as it is, against another program's reading of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segmentloom_sync.landing.files import find
from segmentloom_sync.landing.load import Loaded, Loader
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect
from tests.workspace import REPOSITORY, Workspace

FIXTURES = REPOSITORY / "tests" / "fixtures"
TEXTS = ("type", "event", "user_id", "anonymous_id", "previous_id", "group_id", "library")
TIMES = {"occurred_at": "timestamp", "original_timestamp": "original_timestamp", "sent_at": "sent_at"}
LOADED_AT = datetime(2026, 11, 24, tzinfo=UTC)


def write_bodies(folder: Path) -> None:
    """One file per recording, one request body per line."""
    folder.mkdir()
    for recording in sorted((FIXTURES / "captures").glob("*.json")):
        bodies = [
            request["body_json"]
            for request in json.loads(recording.read_text())
            if request["method"] == "POST"
        ]
        lines = [json.dumps(body) for body in bodies if isinstance(body, dict)]
        (folder / recording.name).write_text("\n".join(lines))


def expected() -> dict[str, dict[str, Any]]:
    rows = json.loads((FIXTURES / "captures_expected.json").read_text())
    return {row["message_id"]: row for row in rows}


def test_recorded_requests_come_out_once_each_as_expected(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "project")
    write_bodies(tmp_path / "bodies")
    warehouse = connect(Project.find(workspace.path))
    loader = Loader(warehouse, "web", lambda: LOADED_AT)

    loaded = Loaded()
    for file in find([str(tmp_path / "bodies")]):
        loaded += loader.load(file, lambda _: None)
    columns = ["event_id", "email", "properties", "traits", *TEXTS, *TIMES]
    rows = warehouse.rows(
        f"""
        select {", ".join(columns)}
        from {warehouse.relation("events", "raw")}
        where true
        qualify row_number() over (
            partition by source_id, event_id order by loaded_at, load_id, line_number
        ) = 1
        """
    )
    warehouse.close()

    assert loaded == Loaded(read=150, landed=85, duplicates=65)
    wanted = expected()
    assert len(rows) == len(wanted) == 85
    for row in rows:
        landed = dict(zip(columns, row, strict=True))
        other = wanted[landed["event_id"]]
        for name in TEXTS:
            assert landed[name] == other[name], name
        for name, theirs in TIMES.items():
            assert landed[name] == datetime.fromisoformat(other[theirs]), name
        assert landed["email"] == (other["email"] and other["email"].strip().lower())
        assert json.loads(landed["properties"]) == other["properties"]
        assert json.loads(landed["traits"]) == other["traits"]
