"""Events and identity on the other engines, against the oracles in plain Python."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segmentloom_sync.warehouse.base import Engine
from tests.engines.conftest import NewWorkspace
from tests.oracles.build import LOW_LIMITS, Built, build
from tests.oracles.messy_events import messy_events
from tests.oracles.relations import COLUMNS

Build = Callable[[Engine], Built]


@pytest.fixture(scope="module")
def built_on(new_workspace: NewWorkspace) -> Build:
    """Builds messy events on an engine, once."""
    done: dict[Engine, Built] = {}

    def on(engine: Engine) -> Built:
        if engine not in done:
            workspace = new_workspace(engine, variables=LOW_LIMITS)
            done[engine] = build(workspace, messy_events(11, 60, with_blocked=True))
        return done[engine]

    return on


@pytest.mark.parametrize("relation", COLUMNS)
@pytest.mark.parametrize("engine", ["bigquery", "snowflake"])
def test_every_relation_is_as_the_oracle_says(engine: Engine, relation: str, built_on: Build) -> None:
    built = built_on(engine)
    assert built.found[relation] == built.expected[relation]
