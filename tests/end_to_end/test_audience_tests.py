"""What `tests:` of audience files hold back: each test passes where it should and fails where it should."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.audiences.compile import compile_audiences
from segmentloom_sync.project import ProjectFolder
from tests.audience_tables import fill, open_warehouse
from tests.workspace import Workspace

Row = tuple[Any, ...]

CONDITIONS = "segmentloom.conditions"
PEOPLE = [f"p{number}" for number in range(1, 11)]
EVERYBODY = "match: {trait: number, gte: 1}\n"
PASSING = {
    "all": EVERYBODY + "tests: {min_members: 10, max_members: 10, max_change_percent: 0}",
    "first": "match: {trait: number, lt: 4}\ntests: {includes: ['user_id:u-p1'], excludes: ['user_id:u-p4']}",
    "last": "match: {trait: number, gte: 8}\ntests: {disjoint_from: [first]}",
    "numbered": "match: {trait: number, is: 5}\ntests: {includes: ['user_id:5'], excludes: ['user_id:007']}",
    "nobody": "match: {trait: number, gt: 99}\ntests: {max_change_percent: 0}",
    "shrinking": "match: {trait: shrinks, is: true}\ntests: {max_change_percent: 50}",
    "growing": "match: {trait: grows, is: true}\ntests: {max_change_percent: 50}",
}
FAILING = {
    "few": EVERYBODY + "tests: {min_members: 11}",
    "many": EVERYBODY + "tests: {max_members: 9}",
    "without": EVERYBODY + "tests: {includes: ['user_id:u-p99', 'user_id:u-p1']}",
    "within": EVERYBODY + "tests: {excludes: ['user_id:u-p1']}",
    "shared": EVERYBODY + "tests: {disjoint_from: [last, first]}",
}


@dataclass(frozen=True)
class Built:
    """What one build said of each test, and what is published, and written down of failures, after it."""

    tests: dict[str, str]
    members: list[Row]
    sizes: list[Row]
    log: list[Row]
    failed: list[Row]


class Shop:
    """A workspace whose ten profiles are given; who of them has the traits `shrinks` and `grows` differs."""

    def __init__(self, path: Path) -> None:
        self.workspace = Workspace.create(path)
        for name, text in (PASSING | FAILING).items():
            self.workspace.audience(name, text)
        compile_audiences(ProjectFolder.find(path))

    def build(self, day: int, shrinking: str, growing: str, *selection: str) -> Built:
        """Evaluate audiences as of a day of June."""
        database = self.workspace.path / "warehouse.duckdb"
        connection, _ = open_warehouse(database)
        traits = {
            name: {
                "number": int(name[1:]),
                "shrinks": name in shrinking.split(),
                "grows": name in growing.split(),
            }
            for name in PEOPLE
        }
        fill(connection, traits)
        connection.execute("insert into segmentloom.identifiers values ('user_id', '5', 'p5', null, null, 0)")
        connection.close()
        variables = f'{{"segmentloom_as_of": "2026-06-{day:02}"}}'
        self.workspace.dbt("build", "--select", *selection, "--vars", variables, check=False)
        results = json.loads((self.workspace.path / "target" / "run_results.json").read_text())["results"]
        connection, _ = open_warehouse(database)
        found = [
            connection.execute(f"{query} order by all").fetchall()
            for query in (
                "select audience, profile_id from segmentloom.audience_membership",
                "select audience, members from segmentloom.audience_sizes",
                "select audience, day(changed_at), profile_id, change"
                " from segmentloom.audience_membership_log",
                "select audience, day(failed_at), tests from segmentloom.int_segmentloom__failed_audiences",
            )
        ]
        connection.close()
        tests = {
            result["unique_id"].split(".")[2]: result["status"]
            for result in results
            if result["unique_id"].startswith("test.segmentloom.audience_")
        }
        return Built(tests, *found)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("tests") / "shop")


@pytest.fixture(scope="module")
def days(shop: Shop) -> list[Built]:
    """On the second day one of four is another one; on the third three of four leave, or enter.

    On the fourth all is as on the second. Then the third day is evaluated again, and fails again.
    """
    both = (CONDITIONS, "audience_shrinking", "audience_growing")
    return [
        shop.build(
            1, "p1 p2 p3 p4", "p1 p2 p3 p4", "tag:audience", CONDITIONS, "+segmentloom__audience_membership"
        ),
        shop.build(2, "p1 p2 p3 p5", "p1 p2 p3 p5", *both),
        shop.build(3, "p1", "p1 p2 p3 p5 p6 p7 p8", *both),
        shop.build(4, "p1 p2 p3 p5", "p1 p2 p3 p5", *both),
        shop.build(3, "p1", "p1 p2 p3 p5 p6 p7 p8", *both),
    ]


def test_each_test_is_named_after_its_key_and_says_what_is_so(days: list[Built]) -> None:
    assert days[0].tests == {
        "audience_all_min_members": "pass",
        "audience_all_max_members": "pass",
        "audience_all_max_change_percent": "pass",
        "audience_first_includes": "pass",
        "audience_first_excludes": "pass",
        "audience_last_disjoint_from": "pass",
        "audience_numbered_includes": "pass",
        "audience_numbered_excludes": "pass",
        "audience_nobody_max_change_percent": "pass",
        "audience_shrinking_max_change_percent": "pass",
        "audience_growing_max_change_percent": "pass",
        "audience_few_min_members": "fail",
        "audience_many_max_members": "fail",
        "audience_without_includes": "fail",
        "audience_within_excludes": "fail",
        "audience_shared_disjoint_from": "fail",
    }


def test_only_the_audience_that_a_failed_test_stands_at_is_held_back(days: list[Built]) -> None:
    assert {audience for audience, _ in days[0].members} == set(PASSING) - {"nobody"}
    assert {audience for audience, _ in days[0].sizes} == set(PASSING)


def test_changes_are_measured_in_both_directions_against_what_was_published(days: list[Built]) -> None:
    for name in ("shrinking", "growing"):
        said = [built.tests[f"audience_{name}_max_change_percent"] for built in days]
        assert said == ["pass", "pass", "fail", "pass", "fail"]
        assert [member for audience, member in days[2].members if audience == name] == [
            "p1",
            "p2",
            "p3",
            "p5",
        ]


def test_a_failed_test_leaves_members_log_and_sizes_as_they_were(days: list[Built]) -> None:
    assert (days[2].members, days[2].log, days[2].sizes) == (days[1].members, days[1].log, days[1].sizes)
    assert [row[2:] for row in days[2].log if row[:2] == ("growing", 2)] == [("p4", "exit"), ("p5", "enter")]


def test_what_failed_is_written_down_until_it_passes(days: list[Built]) -> None:
    first = [
        (name, 1, test) for test in days[0].tests for name in FAILING if test.startswith(f"audience_{name}_")
    ]
    both = [(name, 3, f"audience_{name}_max_change_percent") for name in ("growing", "shrinking")]
    assert [built.failed for built in days] == [
        sorted(first),
        sorted(first),
        sorted([*first, *both]),
        sorted(first),
        sorted(first),
    ]


def test_user_ids_are_in_no_name(shop: Shop, days: list[Built]) -> None:
    target = shop.workspace.path / "target"
    assert [path.name for path in target.rglob("*") if "u-p" in path.name] == []
    assert not any("u_p" in name or "u-p" in name for name in days[0].tests)
