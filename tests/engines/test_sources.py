"""The exports of seven products are read on another engine as they are meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from segmentloom_sync.project import Project
from segmentloom_sync.sources.inspect import inspect_source
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.engines.conftest import NewWorkspace
from tests.source_tables import fixture, make_tables, sources

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def on_snowflake(new_workspace: NewWorkspace) -> Iterator[tuple[Project, Warehouse]]:
    project = Project.find(new_workspace("snowflake").path)
    with closing(connect(project)) as warehouse:
        make_tables(warehouse, f"{project.schema}_")
        yield project, warehouse


@pytest.mark.parametrize("name", [source["name"] for source in sources("")])
def test_deliveries_are_as_expected(name: str, on_snowflake: tuple[Project, Warehouse]) -> None:
    project, warehouse = on_snowflake
    [source] = [one for one in sources(f"{project.schema}_") if one["name"] == name]
    rows = inspect_source(project, warehouse, source)
    for wanted in fixture("expected"):
        if wanted["source"] == name:
            assert any(_matches(row, wanted) for row in rows), wanted


def _matches(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    same = ("event_id", "type", "event", "anonymous_id", "user_id", "email")
    return (
        all(row[column] == wanted[column] for column in same if column in wanted)
        and row["occurred_at"].astimezone(UTC) == datetime.fromisoformat(wanted["timestamp"])
        and (row["reason"] is None) == wanted.get("accepted", True)
    )
