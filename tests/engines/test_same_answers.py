"""The same events and audiences give the same rows on every engine."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from segmentloom_sync.warehouse.base import Engine
from tests.engines.scenario.rows import CONDITIONS, PUBLIC_RELATIONS, Rows

Played = Callable[[Engine], dict[str, Rows]]
KINDS = ("sum", "avg", "min", "max", "distinct_days", "occurrence", "sequence", "within_calendar_days")
"""Of conditions that are not the same SQL on every engine, or take other ways than counts."""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["bigquery", "snowflake"])
def test_every_relation_has_the_rows_that_duckdb_has(engine: Engine, played: Played) -> None:
    expected, found = played("duckdb"), played(engine)

    for relation in (*PUBLIC_RELATIONS, CONDITIONS):
        missing = [row for row in expected[relation] if row not in found[relation]]
        surplus = [row for row in found[relation] if row not in expected[relation]]
        assert (relation, missing, surplus) == (relation, [], [])
        assert len(found[relation]) == len(expected[relation])


@pytest.mark.parametrize("relation", PUBLIC_RELATIONS)
def test_the_scenario_reaches_every_public_relation(relation: str, played: Played) -> None:
    assert played("duckdb")[relation]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_condition_holds_for_some_in_the_scenario(kind: str, played: Played) -> None:
    answers: dict[str, set[bool]] = {}
    for condition, _, holds in played("duckdb")[CONDITIONS]:
        leaf = json.loads(condition)
        if kind in leaf or leaf.get("aggregate", {}).get("function") == kind:
            answers.setdefault(condition, set()).add(holds)
    assert answers
    assert all(of_one == {True, False} for of_one in answers.values()), answers
