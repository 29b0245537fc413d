"""The emulators themselves: dbt connects to each engine and reads back what it wrote."""

from __future__ import annotations

import pytest

from tests.workspace import Workspace

pytestmark = pytest.mark.slow


def test_dbt_builds_a_table_and_reads_it(engine_workspace: Workspace) -> None:
    model = engine_workspace.path / "models" / "probe.sql"
    model.write_text("{{ config(materialized='table') }} select 1 as one, 'ä' as letter")

    engine_workspace.dbt("run", "--select", "probe")

    shown = engine_workspace.dbt("show", "--inline", "select * from {{ ref('probe') }}", "--output", "json")
    assert '"ä"' in shown.stdout.replace("\\u00e4", "ä")
