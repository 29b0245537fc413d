"""A priority group is published as one: whatever fails or is left out, nobody is in two of its audiences."""

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
GROUP = "config.meta.segmentloom_priority_group:life"
FIRST = "match: {trait: buys, is: true}\npriority: {group: life, rank: 1}\n"
SECOND = (
    "match: {trait: looks, is: true}\npriority: {group: life, rank: 3}\ntests: {excludes: ['user_id:u-p9']}"
)
SECONDS_TEST = "audience_second_excludes"
BETWEEN = "match: {trait: looks, is: true}\npriority: {group: life, rank: 2}\n"
ALONE = "match: {trait: looks, is: true}\n"


@dataclass(frozen=True)
class Built:
    """What is published after a build, and written down of failures, and what the build printed."""

    members: dict[str, set[str]]
    failed: dict[str, str]
    output: str


class Shop:
    """A workspace with a group of two and an audience in none, whose profiles are given."""

    def __init__(self, path: Path) -> None:
        self.workspace = Workspace.create(path)
        for name, text in {"first": FIRST, "second": SECOND, "alone": ALONE}.items():
            self.workspace.audience(name, text)

    def build(self, day: int, buying: str, looking: str, *selection: str, compiled: bool = False) -> Built:
        """Evaluate audiences as of a day of June."""
        if not compiled:
            compile_audiences(ProjectFolder.find(self.workspace.path))
        connection, _ = open_warehouse(self.workspace.path / "warehouse.duckdb")
        people = [f"p{number}" for number in range(1, 10)]
        fill(connection, {name: {"buys": name in buying, "looks": name in looking} for name in people})
        connection.close()
        variables = json.dumps({"segmentloom_as_of": f"2026-06-{day:02}"})
        done = self.workspace.dbt(
            "build", "--select", CONDITIONS, *selection, "--vars", variables, check=False
        )
        connection, _ = open_warehouse(self.workspace.path / "warehouse.duckdb")
        rows = connection.execute("select audience, profile_id from segmentloom.audience_membership")
        members: dict[str, set[str]] = {}
        for audience, profile in rows.fetchall():
            members.setdefault(audience, set()).add(profile)
        failed = connection.execute(
            "select audience, tests from segmentloom.int_segmentloom__failed_audiences"
        ).fetchall()
        connection.close()
        return Built(members, dict(failed), done.stdout)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> list[Built]:
    """On the second day p2 moves from the second audience to the first, but a test of the second fails.

    On the third only a part of the group is built. On the fourth there is one more audience between them,
    of which the model of the second does not know.
    """
    shop = Shop(tmp_path_factory.mktemp("group") / "shop")
    built = [
        shop.build(1, "p1", "p2", GROUP, "audience_alone"),
        shop.build(2, "p1 p2", "p2 p3 p9", GROUP, "audience_alone"),
        shop.build(3, "p1 p2", "p2 p3", "audience_first"),
    ]
    model = shop.workspace.path / "models" / "audiences" / "audience_second.sql"
    known = model.read_text()
    shop.workspace.audience("between", BETWEEN)
    compile_audiences(ProjectFolder.find(shop.workspace.path))
    model.write_text(known)
    return [*built, shop.build(4, "p1", "p2 p3", GROUP, compiled=True)]


def test_a_failed_test_holds_the_whole_group_back_and_no_other_audience(days: list[Built]) -> None:
    assert days[0].members == {"first": {"p1"}, "second": {"p2"}, "alone": {"p2"}}
    assert days[1].members == days[0].members | {"alone": {"p2", "p3", "p9"}}
    assert [built.failed for built in days[:2]] == [{}, dict.fromkeys(("first", "second"), SECONDS_TEST)]
    assert (
        "nothing of the priority group life is published: audience_second did not pass its tests"
        in days[1].output
    )


def test_a_part_of_a_group_is_not_published(days: list[Built]) -> None:
    assert days[2].members == days[1].members
    assert (
        "nothing of the priority group life is published: audience_second was not built in this run"
        in days[2].output
    )


def test_models_that_do_not_keep_off_each_other_are_not_published(days: list[Built]) -> None:
    assert days[3].members == days[2].members
    assert (
        "nothing of the priority group life is published: audience_between and audience_second were compiled"
        in days[3].output
    )
