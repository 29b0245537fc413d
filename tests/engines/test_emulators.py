"""The emulators themselves: dbt connects to each engine and reads back what it wrote."""

from __future__ import annotations

from contextlib import closing

import pytest

from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect
from tests.engines.conftest import NewWorkspace
from tests.workspace import Workspace

pytestmark = pytest.mark.slow


def test_dbt_builds_a_table_and_reads_it(engine_workspace: Workspace) -> None:
    model = engine_workspace.path / "models" / "probe.sql"
    model.write_text("{{ config(materialized='table') }} select 1 as one, 'ä' as letter")

    engine_workspace.dbt("run", "--select", "probe")

    shown = engine_workspace.dbt("show", "--inline", "select * from {{ ref('probe') }}", "--output", "json")
    assert '"ä"' in shown.stdout.replace("\\u00e4", "ä")


def test_a_comma_unnests_what_the_subquery_before_it_holds(new_workspace: NewWorkspace) -> None:
    with closing(connect(Project.find(new_workspace("bigquery").path))) as warehouse:
        rows = warehouse.rows("select one from (select [3, 4] as listed) as t, t.listed as one order by 1")
        assert list(rows) == [(3,), (4,)]
