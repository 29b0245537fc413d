"""`dbt build --empty`, by which CI tries a project: it works on a fresh schema and takes nothing for read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from segmentloom_sync.audiences.compile import compile_audiences
from segmentloom_sync.project import ProjectFolder
from tests.audience_tables import open_warehouse
from tests.workspace import Workspace

AUDIENCE = """
match:
  all:
    - {event: Bought, count: ">= 1", within: 7 days}
    - {event: Bought, sum: {property: total, gte: 5}}
    - {trait: plan, is: free}
tests: {max_members: 1}
"""
LINES = (
    '{"type": "track", "event": "Bought", "user_id": "u1", "properties": {"total": 9}, "timestamp": "%s"}\n'
    '{"type": "identify", "user_id": "u1", "traits": {"plan": "free"}, "timestamp": "%s"}\n'
)
CHANGED = (
    "segmentloom.events",
    "segmentloom.profiles",
    "segmentloom.int_segmentloom__event_counts",
    "segmentloom.int_segmentloom__conditions",
    "segmentloom.audience_membership",
)


def rows(workspace: Workspace) -> list[int]:
    connection, _ = open_warehouse(workspace.path / "warehouse.duckdb")
    found = [connection.execute(f"select count(*) from {table}").fetchall()[0][0] for table in CHANGED]
    connection.close()
    return found


@pytest.mark.slow
def test_an_empty_build_makes_what_is_missing_and_leaves_the_rest(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "project")
    workspace.audience("buyers", AUDIENCE)
    compile_audiences(ProjectFolder.find(workspace.path))
    now = datetime.now(UTC).isoformat()
    (workspace.path / "events.jsonl").write_text(LINES % (now, now))
    workspace.cli("load", "events.jsonl")
    fast = ("--exclude", "resource_type:unit_test")
    workspace.dbt("build", "--empty", *fast)
    assert rows(workspace) == [0, 0, 0, 0, 0]
    workspace.dbt("build", *fast)
    assert rows(workspace) == [2, 1, 1, 1, 1]
    (workspace.path / "events.jsonl").write_text((LINES % (now, now)).replace("u1", "u2"))
    workspace.cli("load", "events.jsonl")
    workspace.dbt("build", "--empty", *fast)
    assert rows(workspace) == [2, 1, 1, 1, 1]
    workspace.dbt("build", *fast, check=False)  # two members are one too many: they are not published
    assert rows(workspace) == [4, 2, 2, 2, 1]
