"""The three engines as fixtures. A test that takes `engine_workspace` runs on each."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Protocol

import pytest

from segmentloom_sync.warehouse.base import Engine
from tests.engines.dialects import refused_statements
from tests.engines.emulators import Emulators
from tests.engines.scenario.play import play
from tests.engines.scenario.rows import Rows, comparable_rows
from tests.workspace import Workspace

ENGINES: tuple[Engine, ...] = ("duckdb", "bigquery", "snowflake")


class NewWorkspace(Protocol):
    """Makes a workspace on an engine, in a schema of its own."""

    def __call__(self, engine: Engine, *, variables: Mapping[str, Any] | None = None) -> Workspace: ...


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Emulators]:
    """The emulators of this test run, started when first used.

    Emulators are another engine behind a translator, so a statement that they run may still be wrong: in the
    end every one that reached them is checked in the dialect of the engine that they stand for.
    """
    with Emulators(tmp_path_factory.mktemp("emulators")) as started:
        yield started
        wrong = refused_statements(started, slow=pytestconfig.option.markexpr != "not slow")
    assert not wrong, wrong


@pytest.fixture(scope="session")
def fresh_schema() -> Callable[[], str]:
    """Names of schemas that no other test of this run uses."""
    numbers = itertools.count(1)
    return lambda: f"segmentloom_{os.getpid()}_{next(numbers)}"


@pytest.fixture(scope="session")
def snowflake_output(emulators: Emulators, fresh_schema: Callable[[], str]) -> Callable[[], dict[str, Any]]:
    """Makes profile outputs for the Snowflake emulator, each with a schema of its own."""
    return lambda: emulators.snowflake_output(fresh_schema())


@pytest.fixture(scope="session")
def bigquery_output(emulators: Emulators, fresh_schema: Callable[[], str]) -> Callable[[], dict[str, Any]]:
    """Makes profile outputs for the BigQuery emulator, each with a dataset of its own."""
    return lambda: emulators.bigquery_output(fresh_schema())


@pytest.fixture(scope="session")
def new_workspace(
    tmp_path_factory: pytest.TempPathFactory,
    snowflake_output: Callable[[], dict[str, Any]],
    bigquery_output: Callable[[], dict[str, Any]],
) -> NewWorkspace:
    """Makes workspaces, for tests that set engine or dbt vars themselves or share one among them."""
    outputs: dict[Engine, Callable[[], dict[str, Any] | None]] = {
        "duckdb": lambda: None,
        "bigquery": bigquery_output,
        "snowflake": snowflake_output,
    }

    def create(engine: Engine, *, variables: Mapping[str, Any] | None = None) -> Workspace:
        path = tmp_path_factory.mktemp(engine) / "project"
        return Workspace.create(path, output=outputs[engine](), variables=variables)

    return create


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    chosen: Engine = request.param
    return chosen


@pytest.fixture
def engine_workspace(engine: Engine, new_workspace: NewWorkspace) -> Workspace:
    """A fresh workspace on each engine in turn."""
    return new_workspace(engine)


@pytest.fixture(scope="session")
def played(new_workspace: NewWorkspace) -> Callable[[Engine], dict[str, Rows]]:
    """Plays the scenario on an engine, once in a test run, and gives all rows of what is compared."""

    @cache
    def rows_after_playing(engine: Engine) -> dict[str, Rows]:
        workspace = new_workspace(engine)
        play(workspace)
        return comparable_rows(workspace.path)

    return rows_after_playing
