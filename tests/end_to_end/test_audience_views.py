"""The view of an audience is made anew when it has to be, and else left as it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.audiences.compile import compile_audiences
from segmentloom_sync.project import ProjectFolder
from tests.audience_tables import fill, open_warehouse
from tests.workspace import Workspace

pytestmark = pytest.mark.slow

BUYERS = "match: {trait: buys, is: true}"
STAFF = "match: {trait: staff, is: true}"
LEFT = "unchanged"
"""What dbt says of a view that was left as it is; of one that was made it says what the engine answered."""


class Shop:
    """A workspace with two audiences and some profiles."""

    def __init__(self, path: Path) -> None:
        self.workspace = Workspace.create(path)
        self.workspace.audience("buyers", BUYERS)
        self.workspace.audience("staff", STAFF)
        connection, _ = open_warehouse(path / "warehouse.duckdb")
        fill(connection, {"p1": {"buys": True}, "p2": {"staff": True}, "p3": {"buys": True, "staff": True}})
        connection.close()

    def build(self, *flags: str, command: str = "build") -> set[str]:
        """Evaluate both; returns the audiences whose views were made."""
        compile_audiences(ProjectFolder.find(self.workspace.path))
        self.workspace.dbt(command, "--select", "segmentloom.conditions", "tag:audience", *flags)
        results = json.loads((self.workspace.path / "target" / "run_results.json").read_text())["results"]
        said = {
            result["unique_id"].split(".")[2]: result["adapter_response"].get("_message")
            for result in results
            if result["unique_id"].startswith("model.segmentloom.audience_")
        }
        assert set(said) == {"audience_buyers", "audience_staff"}
        return {name.removeprefix("audience_") for name, message in said.items() if message != LEFT}

    def members(self, name: str) -> list[str]:
        """Who is in an audience by its view."""
        return [
            profile for (profile,) in self.execute(f"select profile_id from segmentloom.{name} order by 1")
        ]

    def execute(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """Run a statement in the warehouse."""
        connection, _ = open_warehouse(self.workspace.path / "warehouse.duckdb")
        try:
            return list(connection.execute(sql).fetchall())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop(tmp_path_factory.mktemp("views") / "shop")
    assert shop.build() == {"buyers", "staff"}
    assert shop.build() == set()
    return shop


@pytest.fixture(autouse=True)
def _built(shop: Shop) -> None:
    """Each test begins with both audiences built."""
    shop.workspace.audience("buyers", BUYERS)
    shop.build()


def test_another_definition_is_built_and_so_is_the_former_one_when_it_comes_back(shop: Shop) -> None:
    assert shop.members("audience_buyers") == ["p1", "p3"]
    shop.workspace.audience("buyers", "match: {trait: buys, is_not: true}")
    assert shop.build() == {"buyers"}
    assert shop.members("audience_buyers") == ["p2"]
    shop.workspace.audience("buyers", BUYERS)
    assert shop.build() == {"buyers"}
    assert shop.members("audience_buyers") == ["p1", "p3"]


def test_a_view_that_is_gone_or_is_a_table_by_now_is_made_again(shop: Shop) -> None:
    shop.execute("drop view segmentloom.audience_buyers")
    assert shop.build() == {"buyers"}
    shop.execute(
        "drop view segmentloom.audience_buyers; create table segmentloom.audience_buyers as select 1 as a"
    )
    assert shop.build() == {"buyers"}
    assert shop.members("audience_buyers") == ["p1", "p3"]


def test_a_full_refresh_makes_all(shop: Shop) -> None:
    assert shop.build("--full-refresh") == {"buyers", "staff"}


def test_a_build_without_rows_is_undone_by_the_next(shop: Shop) -> None:
    assert shop.build("--empty", command="run") == {"buyers", "staff"}
    assert shop.members("audience_buyers") == []
    assert shop.build() == {"buyers", "staff"}
    assert shop.members("audience_buyers") == ["p1", "p3"]


def test_what_a_killed_run_may_have_made_is_made_again(shop: Shop) -> None:
    """Its row is gone before a view is made; a run that ends puts it back."""
    shop.execute("delete from segmentloom.int_segmentloom__built_views where node_id like '%buyers'")
    assert shop.build() == {"buyers"}
    assert shop.build() == set()


def test_a_view_of_which_two_runs_say_different_things_is_made_again(shop: Shop) -> None:
    shop.execute(
        "insert into segmentloom.int_segmentloom__built_views"
        " select node_id, 'another' from segmentloom.int_segmentloom__built_views where node_id like '%staff'"
    )
    assert shop.build() == {"staff"}
    assert shop.build() == set()
