"""An audience that was left out for more changes of conditions than are remembered is compared as a whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segmentloom_sync.audiences.compile import compile_audiences
from segmentloom_sync.project import ProjectFolder
from tests.audience_tables import fill, open_warehouse
from tests.killable_dbt import KillableDbt
from tests.oracles.audiences import Event
from tests.workspace import Workspace

BOUGHT_TODAY = "match: {event: Bought, within: 24 hours}\ntests: {max_members: 1}"


@pytest.mark.slow
def test_changes_that_are_remembered_no_more_are_not_missed(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "project", variables={"segmentloom_kept_changes": 1})
    for name in ("often", "seldom"):
        workspace.audience(name, BOUGHT_TODAY)
    compile_audiences(ProjectFolder.find(workspace.path))
    days = range(1, 6)
    connection, _ = open_warehouse(workspace.path / "warehouse.duckdb")
    bought = [Event(f"p{day}", "Bought", datetime(2026, 6, day, 11, tzinfo=UTC), {}) for day in days]
    fill(connection, {f"p{day}": {} for day in days}, bought)
    connection.close()

    with KillableDbt(workspace) as dbt:
        for day in days:
            models = ["audience_often", *(["audience_seldom"] if day in {1, 5} else [])]
            variables = json.dumps({"segmentloom_as_of": f"2026-06-{day:02}T12:00:00Z"})
            run = dbt.run("build", "--select", "segmentloom.conditions", *models, "--vars", variables)
            assert run.ok, run.output

    connection, _ = open_warehouse(workspace.path / "warehouse.duckdb")
    members = connection.execute(
        "select audience, profile_id from segmentloom.audience_membership"
    ).fetchall()
    remembered = connection.execute(
        "select distinct batch from segmentloom.int_segmentloom__condition_changes order by 1"
    ).fetchall()
    connection.close()
    assert remembered == [(4,), (5,)]
    assert sorted(members) == [("often", "p5"), ("seldom", "p5")]
