"""Events kept from load to load on the other engines: as the deliveries say, and as a full refresh."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from segmentloom_sync.warehouse.base import Engine
from tests.engines.conftest import NewWorkspace
from tests.incremental_events import delivery
from tests.oracles.build import warehouse_of
from tests.oracles.events import Delivery, accepted
from tests.oracles.landed import land
from tests.workspace import Workspace

STATE = "source_id, event_id, event, user_id, email, loaded_at, load_id, line_number, owner_type, owner_value"
LOADS = (
    [delivery("a", "load1", 5), delivery("b", "load1", 5, user_id="null", email="b@x.org", line_number=2)],
    [delivery("b", "load2", 5, "late"), delivery("c", "load2", 5)],
    [delivery("b", "load3", 4, "earlier", user_id="u9"), delivery("a", "load4", 6, "late", user_id="u9")],
)
SOURCE = {
    "name": "shop",
    "kind": "custom",
    "relation": {"ref": "of_the_shop"},
    "columns": {"event_id": "id", "user_id": "who", "occurred_at": "happened", "loaded_at": "synced"},
    "constants": {"event": "first"},
}


def _build(workspace: Workspace, *arguments: str) -> None:
    tests = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    workspace.dbt("build", *tests, "--select", "+segmentloom__events", *arguments)


def _rows(workspace: Workspace, columns: str, relation: str) -> list[tuple[Any, ...]]:
    with warehouse_of(workspace) as warehouse:
        found = warehouse.rows(f"select {columns} from {warehouse.relation(relation)}")
    return sorted((tuple(map(_plain, row)) for row in found), key=repr)


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _expected(deliveries: list[Delivery]) -> list[tuple[Any, ...]]:
    owners = {"null": ("email", "b@x.org")}
    return [
        (
            *(one.source_id, one.event_id, one.event, one.user_id, one.email, one.loaded_at),
            *(one.load_id, one.line_number),
            *owners.get(one.user_id or "", ("user_id", one.user_id)),
        )
        for one in accepted(deliveries)
    ]


def _of_the_shop(workspace: Workspace, days: list[int]) -> None:
    rows = [
        f"select 's{day}' as id, 'u1' as who, '2026-03-01' as happened, '2026-03-{day}' as synced"
        for day in days
    ]
    (workspace.path / "models" / "of_the_shop.sql").write_text("\nunion all\n".join(rows))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["bigquery", "snowflake"])
def test_loads_one_by_one_end_as_a_full_refresh(engine: Engine, new_workspace: NewWorkspace) -> None:
    workspace = new_workspace(engine, variables={"segmentloom_sources": [SOURCE]})
    landed: list[Delivery] = []
    for number, new in enumerate(LOADS):
        landed += new
        with warehouse_of(workspace) as warehouse:
            land(warehouse, new)
        _of_the_shop(workspace, [20, 22 + number, 16 + number])
        _build(workspace)
    _build(workspace)  # with nothing new

    of_the_shop = [row for row in _rows(workspace, STATE, "events") if row[0] == "shop"]
    increments = _rows(workspace, STATE, "events")
    assert [row for row in increments if row[0] == "web"] == sorted(_expected(landed), key=repr)
    assert [row[1] for row in of_the_shop] == ["s16", "s20", "s22", "s23", "s24"]
    assert _rows(workspace, "event_id, batch", "events") == [
        ("a", 1), ("b", 3), ("c", 2), ("s16", 1), ("s20", 1), ("s22", 1), ("s23", 2), ("s24", 3),
    ]  # fmt: skip
    assert _rows(workspace, "event_id, user_id, email, batch", "int_segmentloom__retractions") == [
        ("b", None, "b@x.org", 3)
    ]
    assert _rows(workspace, "load_id, batch", "int_segmentloom__loads") == [
        ("load1", 1), ("load2", 2), ("load3", 3), ("load4", 3),
    ]  # fmt: skip

    _build(workspace, "--full-refresh")
    web = [row for row in _rows(workspace, STATE, "events") if row[0] == "web"]
    assert web == [row for row in increments if row[0] == "web"]
    assert {batch for (batch,) in _rows(workspace, "batch", "events")} == {4}
    assert _rows(workspace, "count(*)", "int_segmentloom__retractions") == [(0,)]
