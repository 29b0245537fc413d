"""`init --inspect` says what a table is, and shows its rows without what is about persons."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import Project
from segmentloom_sync.sources.inspect import inspect, inspect_source
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.source_tables import make_table, make_tables, sources
from tests.workspace import Workspace

ORDERS: dict[str, Any] = {
    "Order No": 17,
    "Customer_ID": "c-1",
    "email": "Ann@Example.com",
    "placed": "2026-03-01 10:00:00",
    "_fivetran_synced": "2026-03-02 10:00:00",
    "amount": 12.5,
}
CUSTOM = {
    "name": "orders",
    "kind": "custom",
    "relation": "shop.orders",
    "columns": {
        "user_id": "Customer_ID",
        "email": "email",
        "occurred_at": "placed",
        "loaded_at": "_fivetran_synced",
        "properties": {"order no": '"Order No"', "amount": "amount"},
    },
    "constants": {"type": "track", "event": "Orders"},
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace.create(tmp_path_factory.mktemp("inspect") / "project")
    with closing(connect(Project.find(workspace.path))) as warehouse:
        make_tables(warehouse, "")
        make_table(warehouse, "shop.orders", [ORDERS] * 11)
        make_table(warehouse, "shop.prices", [{"sku": "a", "price": 1}])
    return workspace


@pytest.fixture
def found(workspace: Workspace) -> Iterator[tuple[Project, Warehouse]]:
    project = Project.find(workspace.path)
    with closing(connect(project, read_only=True)) as warehouse:
        yield project, warehouse


@pytest.mark.parametrize("source", sources(""), ids=lambda source: source["kind"])
def test_each_kind_is_recognised_and_read(source: dict[str, Any], found: tuple[Project, Warehouse]) -> None:
    inspected = inspect(*found, source.get("relation") or source["schema"])
    assert inspected.source["kind"] == source["kind"]
    place = "relation" if "relation" in source else "schema"
    assert inspected.source[place] == source[place]
    assert len(inspected.rows) >= 2


@pytest.mark.parametrize(
    ("table", "kind"), [("segment.identifies", "segment"), ("ga4.events_20261120", "ga4")]
)
def test_one_table_of_many_means_all_of_them(table: str, kind: str, found: tuple[Project, Warehouse]) -> None:
    source = inspect(*found, table).source
    assert (source["kind"], source["schema"]) == (kind, table.split(".")[0])


def test_any_other_table_gets_a_column_map(workspace: Workspace) -> None:
    document = workspace.json("init", "--inspect", "SHOP.orders")
    assert document["source"] == {**CUSTOM, "relation": "SHOP.orders"}
    assert yaml.safe_load(document["yaml"]) == {"vars": {"segmentloom_sources": [document["source"]]}}
    assert document["is_masked"]
    [row] = {str(row) for row in document["rows"]}
    assert len(document["rows"]) == 10
    assert "Orders" in row
    assert "xxx@xxxxxxx.xxx" in row
    assert not any(value in row.lower() for value in ("ann", "c-1", "12.5", "17"))


def test_values_are_shown_when_asked_for(workspace: Workspace) -> None:
    document = workspace.json("init", "--inspect", "shop.orders", "--show-values")
    assert document["rows"][0]["email"] == "ann@example.com"
    assert document["rows"][0]["properties"] == {"order no": 17, "amount": 12.5}
    assert not document["is_masked"]


@pytest.mark.parametrize(
    ("relation", "message"),
    [
        ("shop.prices", "no column of shop.prices looks like a time or like an id of a user or device"),
        ("shop.gone", "there is no table or schema shop.gone that this role can see"),
        ("shop", "schema shop has neither a table `tracks` nor tables events_<date>"),
        ("a..b", "'a..b' is no relation"),
    ],
)
def test_what_cannot_be_events_is_said(relation: str, message: str, found: tuple[Project, Warehouse]) -> None:
    with pytest.raises(ConfigError) as problem:
        inspect(*found, relation)
    assert str(problem.value).startswith(message)
    assert problem.value.hint


@pytest.mark.parametrize(
    ("kind", "key"), [("amplitude", "merged_ids"), ("mixpanel", "identity_mappings"), ("mixpanel", "people")]
)
def test_a_table_beside_the_events_needs_its_columns(
    kind: str, key: str, found: tuple[Project, Warehouse]
) -> None:
    [source] = [one for one in sources("") if one["kind"] == kind]
    with pytest.raises(ConfigError, match=f"source '{kind}': {key} lacks the columns "):
        inspect_source(*found, {**source, key: "exports.snowplow"})


def test_nothing_is_written(workspace: Workspace, tmp_path: Path) -> None:
    before = sorted(path.name for path in workspace.path.iterdir())
    workspace.cli("init", "--inspect", "shop.orders")
    assert sorted(path.name for path in workspace.path.iterdir()) == before
