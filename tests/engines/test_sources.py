"""The exports of seven products are read on another engine as they are meant, each and all in one build."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.sources.freshness import source_states
from segmentloom_sync.sources.inspect import inspect_source
from segmentloom_sync.warehouse.base import Engine, Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.engines.conftest import NewWorkspace
from tests.expected_events import assert_as_expected, events
from tests.source_tables import fixture, make_tables, sources
from tests.workspace import Workspace

pytestmark = pytest.mark.slow
NAMES = [source["name"] for source in sources("")]


@dataclass(frozen=True)
class Exported:
    """A warehouse with the tables that the products write.

    Attributes:
        sources: the var `segmentloom_sources` for them.
    """

    workspace: Workspace
    sources: list[dict[str, Any]]

    def fill(self, prefix: str) -> None:
        """Make the tables, in schemas whose names begin with the prefix."""
        with closing(self.warehouse()) as warehouse:
            make_tables(warehouse, prefix)

    def warehouse(self) -> Warehouse:
        """A connection, to be closed."""
        return connect(Project.find(self.workspace.path))

    def build(self) -> None:
        """Build the events of all sources."""
        tests = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
        self.workspace.dbt(
            "build", *tests, "--select", "+segmentloom__events", "+segmentloom__rejected_events"
        )

    def events(self) -> list[dict[str, Any]]:
        """All of them, in order."""
        with closing(self.warehouse()) as warehouse:
            return sorted(events(warehouse), key=lambda event: (event["source"], event["event_id"]))

    def states(self) -> list[dict[str, Any]]:
        """How fresh each source is, what was refused and what came twice with different contents."""
        with closing(self.warehouse()) as warehouse:
            return source_states(warehouse, MacroRenderer(Project.find(self.workspace.path), warehouse))


@pytest.fixture(scope="module")
def exported(new_workspace: NewWorkspace) -> Callable[[Engine], Exported]:
    """Makes the tables on an engine, once."""

    @cache
    def tables_on(engine: Engine) -> Exported:
        prefix = f"{engine}_exports_"
        found = sources(prefix)
        made = Exported(new_workspace(engine, variables={"segmentloom_sources": found}), found)
        made.fill(prefix)
        return made

    return tables_on


@pytest.fixture(scope="module", params=["bigquery", "snowflake"])
def tables(request: pytest.FixtureRequest, exported: Callable[[Engine], Exported]) -> Exported:
    """On each of the two."""
    return exported(request.param)


@pytest.mark.parametrize("name", NAMES)
def test_deliveries_are_as_expected(name: str, tables: Exported) -> None:
    [source] = [one for one in tables.sources if one["name"] == name]
    with closing(tables.warehouse()) as warehouse:
        rows = inspect_source(Project.find(tables.workspace.path), warehouse, source)
    for wanted in fixture("expected"):
        if wanted["source"] == name:
            assert any(_matches(row, wanted) for row in rows), wanted


def test_a_build_of_all_is_as_expected_and_as_on_duckdb(
    tables: Exported, exported: Callable[[Engine], Exported]
) -> None:
    tables.build()
    built = tables.events()
    with closing(tables.warehouse()) as warehouse:
        assert_as_expected(warehouse, sources=NAMES)
    on_duckdb = exported("duckdb")
    on_duckdb.build()
    assert built == on_duckdb.events()
    assert tables.states() == on_duckdb.states()
    tables.build()
    assert tables.events() == built


def _matches(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    same = ("event_id", "type", "event", "anonymous_id", "user_id", "email")
    return (
        all(row[column] == wanted[column] for column in same if column in wanted)
        and row["occurred_at"].astimezone(UTC) == datetime.fromisoformat(wanted["timestamp"])
        and (row["reason"] is None) == wanted.get("accepted", True)
    )
