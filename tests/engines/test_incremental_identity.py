"""Identity built bit by bit on every engine, against the oracles in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from segmentloom_sync.warehouse.base import Engine
from tests.engines.conftest import NewWorkspace
from tests.oracles.build import LOW_LIMITS, LOW_RULES, block_seed, build_models, warehouse_of
from tests.oracles.histories import in_builds
from tests.oracles.landed import land
from tests.oracles.messy_events import messy_events
from tests.oracles.relations import COLUMNS, Rows, expected_relations, found_relations

Relations = dict[str, Rows]
Build = Callable[[Engine], tuple[Relations, Relations]]


@pytest.fixture(scope="module")
def built_on(new_workspace: NewWorkspace) -> Build:
    """Builds messy events on an engine in two parts, once: what was found and what was expected."""
    done: dict[Engine, tuple[Relations, Relations]] = {}

    def on(engine: Engine) -> tuple[Relations, Relations]:
        if engine not in done:
            workspace = new_workspace(engine, variables=LOW_LIMITS)
            block_seed(workspace)
            deliveries = messy_events(12, 60, with_blocked=True)
            for part in in_builds(deliveries, 2, Random(12)):
                with warehouse_of(workspace) as warehouse:
                    land(warehouse, part)
                build_models(workspace)
            with warehouse_of(workspace) as warehouse:
                done[engine] = found_relations(warehouse), expected_relations(deliveries, LOW_RULES)
        return done[engine]

    return on


@pytest.mark.parametrize("relation", COLUMNS)
@pytest.mark.parametrize("engine", ["duckdb", pytest.param("bigquery", marks=pytest.mark.slow), "snowflake"])
def test_every_relation_is_as_the_oracle_says_after_the_second_build(
    engine: Engine, relation: str, built_on: Build
) -> None:
    found, expected = built_on(engine)
    assert found[relation] == expected[relation]
