"""A transaction that fails has changed nothing, and the next model on its connection does not change that."""

from __future__ import annotations

import pytest

from tests.workspace import Workspace

pytestmark = pytest.mark.slow

KEPT = "{{ config(materialized='table') }} select 1 as one"
CHANGES = """
{{ config(materialized='table') }}
-- depends_on: {{ ref('kept') }}
{% if execute %}
    {% set kept = ref('kept') %}
    {% do segmentloom.run_together([
        "delete from " ~ kept ~ " where true", "insert into " ~ kept ~ " select VALUE"
    ]) %}
{% endif %}
select 2 as two
"""
FAILS = CHANGES.replace("VALUE", "cast('x' as \" ~ dbt.type_int() ~ \")")
FOLLOWS = "{{ config(materialized='table') }} select 3 as three"
ADDS = CHANGES.replace("VALUE", "5")


@pytest.mark.parametrize(("following", "kept"), [(FOLLOWS, 1), (ADDS, 5)], ids=["makes a table", "changes"])
def test_what_a_failed_transaction_did_is_undone(
    engine_workspace: Workspace, following: str, kept: int
) -> None:
    models = {"kept": KEPT, "a_fails": FAILS, "b_follows": following}
    for name, text in models.items():
        (engine_workspace.path / "models" / f"{name}.sql").write_text(text)
    engine_workspace.dbt("run", "--select", "kept")

    done = engine_workspace.dbt("run", "--threads", "1", "--select", "a_fails", "b_follows", check=False)

    assert done.returncode == 1
    assert "model a_fails" in done.stdout
    query = "select sum(one) as sum_of_ones from {{ ref('kept') }}"
    shown = engine_workspace.dbt("show", "--inline", query, "--output", "json")
    assert f'"sum_of_ones": {kept}' in shown.stdout.lower()
