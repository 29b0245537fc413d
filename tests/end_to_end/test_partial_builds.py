"""A build of one audience leaves the views of others readable, although their files have changed since."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from segmentloom_sync.audiences.compile import compile_audiences
from segmentloom_sync.project import ProjectFolder
from tests.audience_tables import fill, open_warehouse
from tests.workspace import Workspace

pytestmark = pytest.mark.slow

CONDITIONS = "segmentloom.conditions"
BOUGHT = "match: {all: [{trait: buys, is: true}, {audience: staff}, {event: Bought, count: '= 0'}]}"


@dataclass(frozen=True)
class Built:
    """What the views of audiences show, and how many conditions are evaluated."""

    views: dict[str, set[str]]
    conditions: int


class Shop:
    """A workspace whose profiles are given."""

    def __init__(self, path: Path) -> None:
        self.workspace = Workspace.create(path)

    def has(self, buying: str, staff: str) -> None:
        """Give the shop these profiles."""
        connection, _ = open_warehouse(self.workspace.path / "warehouse.duckdb")
        people = [f"p{number}" for number in range(1, 5)]
        fill(connection, {name: {"buys": name in buying, "staff": name in staff} for name in people})
        connection.close()

    def build(self, day: int, *audiences: str) -> Built:
        """Evaluate some audiences, and look into the views of all that there are."""
        compile_audiences(ProjectFolder.find(self.workspace.path))
        variables = json.dumps({"segmentloom_as_of": f"2026-06-{day:02}"})
        models = [f"audience_{name}" for name in audiences]
        self.workspace.dbt("build", "--select", CONDITIONS, *models, "--vars", variables)
        connection, _ = open_warehouse(self.workspace.path / "warehouse.duckdb")
        names = connection.execute(
            "select view_name from duckdb_views() where view_name in"
            " ('audience_large', 'audience_buyers', 'audience_staff')"
        ).fetchall()
        views = {
            name.removeprefix("audience_"): {
                profile
                for (profile,) in connection.execute(f"select profile_id from segmentloom.{name}").fetchall()
            }
            for (name,) in names
        }
        columns = connection.execute("describe segmentloom.int_segmentloom__conditions").fetchall()
        connection.close()
        return Built(views, len(columns) - 1)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> list[Built]:
    """After the first day the file of `buyers` asks something else, and that of `staff` is gone."""
    shop = Shop(tmp_path_factory.mktemp("partial") / "shop")
    shop.workspace.audience("large", "match: {trait: seats, exists: false}")
    shop.workspace.audience("buyers", BOUGHT)
    shop.workspace.audience("staff", "match: {trait: staff, is: true}")
    shop.has("p1 p2", "p1")
    built = [shop.build(1, "large", "buyers", "staff")]
    shop.workspace.audience("buyers", "match: {trait: staff, is: false}")
    (shop.workspace.path / "audiences" / "staff.yml").unlink()
    shop.has("p1 p2 p3", "p1 p3 p4")
    built.append(shop.build(2, "large"))
    built.append(shop.build(3, "buyers"))
    built.append(shop.build(4, "large"))
    return built


def test_audiences_that_a_build_leaves_out_stay_as_they_were_built_and_are_evaluated_anew(
    days: list[Built],
) -> None:
    assert days[0].views == {"large": {"p1", "p2", "p3", "p4"}, "buyers": {"p1"}, "staff": {"p1"}}
    assert days[1].views == days[0].views | {"buyers": {"p1", "p3"}, "staff": {"p1", "p3", "p4"}}


def test_with_the_new_definition_what_only_the_former_one_asked_goes(days: list[Built]) -> None:
    assert days[2].views == {"large": {"p1", "p2", "p3", "p4"}, "buyers": {"p2"}}
    assert [built.conditions for built in days] == [4, 5, 3, 2]
