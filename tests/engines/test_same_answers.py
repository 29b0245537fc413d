"""The same events and audiences give the same rows on every engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segmentloom_sync.warehouse.base import Engine
from tests.engines.scenario.rows import PUBLIC_RELATIONS, Rows

Played = Callable[[Engine], dict[str, Rows]]


@pytest.mark.parametrize("engine", [pytest.param("bigquery", marks=pytest.mark.slow), "snowflake"])
def test_every_public_relation_has_the_rows_that_duckdb_has(engine: Engine, played: Played) -> None:
    expected, found = played("duckdb"), played(engine)

    for relation in PUBLIC_RELATIONS:
        missing = [row for row in expected[relation] if row not in found[relation]]
        surplus = [row for row in found[relation] if row not in expected[relation]]
        assert (relation, missing, surplus) == (relation, [], [])
        assert len(found[relation]) == len(expected[relation])


@pytest.mark.parametrize("relation", PUBLIC_RELATIONS)
def test_the_scenario_reaches_every_public_relation(relation: str, played: Played) -> None:
    assert played("duckdb")[relation]
