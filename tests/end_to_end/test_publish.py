"""What dbt publishes: an audience's members once its model is built and its tests have passed, no others.

The tables that audiences read are filled by hand, so that each dbt run builds audiences only. There are few
runs, since each start of dbt takes seconds; the tests look at what was there after each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.audiences.compile import compile_audiences
from segmentloom_sync.audiences.library import TAKEN, load_audiences
from segmentloom_sync.project import ProjectFolder
from tests.audience_tables import fill, open_warehouse, renderer
from tests.oracles.audiences import Event
from tests.workspace import Workspace

Row = tuple[Any, ...]

CONDITIONS = "segmentloom.conditions"
"""The folder of models that work out what all audiences ask."""
MEMBERSHIP = "segmentloom__audience_membership"
ALL = (
    *("tag:audience", CONDITIONS, MEMBERSHIP, f"{MEMBERSHIP}_log"),
    *("segmentloom__audience_sizes", "segmentloom__audience_changes"),
)
STAFF = "cadence: daily\nmatch: {trait: is_staff, is: true}"
NEW_STAFF = "cadence: hourly\nmatch: {trait: is_staff, is: true}\ntests: {max_members: 9}"
PURCHASE = datetime(2026, 6, 1, tzinfo=UTC)
AUDIENCES = {
    "staff": "match: {trait: is_staff, is: true}",
    "buyers": """
match:
  all:
    - {event: Bought, within: 30 days, where: [{property: total, gte: 50}]}
    - not: {audience: staff}
""",
    "large": """
match: {any: [{trait: seats, gte: 5}, {trait: seats, is: '5'}, {trait: since, lt: 2026-01-01}]}
tests: {min_members: 1, includes: ["user_id:u-p1"], excludes: ["user_id:u-p2"]}
""",
}


@dataclass(frozen=True)
class State:
    """What the public tables hold, times as the day of June, and the tables of audiences that there are."""

    members: list[Row]
    log: list[Row]
    sizes: list[Row]
    changes: list[Row]
    tables: list[Row]


@dataclass(frozen=True)
class Story:
    """The states after each run, and the SQL that dbt compiled in the second."""

    alone: State
    together: State
    changed: State
    untested: Mapping[str, State]
    gone: State
    compiled: Mapping[str, str]
    rendered: Mapping[str, str]


class Shop:
    """A workspace whose profiles and events are given."""

    def __init__(self, path: Path) -> None:
        self.workspace = Workspace.create(path)
        self.database = path / "warehouse.duckdb"
        for name, text in AUDIENCES.items():
            self.workspace.audience(name, text)

    def has(self, traits: Mapping[str, Any], *buyers: str) -> None:
        """Give the shop exactly these profiles; the buyers bought something on 1 June."""
        connection, _ = open_warehouse(self.database)
        fill(connection, traits, [Event(buyer, "Bought", PURCHASE, {"total": 60}) for buyer in buyers])
        connection.close()

    def build(self, as_of: str, *selection: str, command: str = "build", check: bool = True) -> State:
        """Compile the audiences, run `dbt build` on a selection, and look."""
        compile_audiences(ProjectFolder.find(self.workspace.path))
        variables = f'{{"segmentloom_as_of": "{as_of}"}}'
        self.workspace.dbt(command, "--select", *selection, "--vars", variables, check=check)
        connection, _ = open_warehouse(self.database)
        queries = (
            "select audience, profile_id, strftime(entered_at, '%d'), strftime(evaluated_at, '%d')"
            " from segmentloom.audience_membership",
            "select strftime(changed_at, '%d'), audience, profile_id, change"
            " from segmentloom.audience_membership_log",
            "select strftime(evaluated_at, '%d'), audience, members from segmentloom.audience_sizes",
            "select dense_rank() over (order by changed_at), audience, change, old_definition, new_definition"
            " from segmentloom.audience_changes",
            "select table_name from information_schema.tables where table_name like 'audience_%'",
        )
        state = State(*(list(connection.execute(f"{query} order by all").fetchall()) for query in queries))
        connection.close()
        return state

    def preview_in_dbt(self) -> None:
        """Give the project models that are what previews count."""
        audiences, _ = load_audiences(ProjectFolder.find(self.workspace.path))
        for name, audience in audiences.items():
            sql = f"{{{{ segmentloom.audience_members({audience.definition}) }}}}"
            (self.workspace.path / "models" / f"preview_{name}.sql").write_text(sql)

    def compiled(self) -> dict[str, str]:
        """The SQL of those models as dbt compiled it."""
        folder = self.workspace.path / "target" / "compiled" / "segmentloom" / "models"
        return {name: (folder / f"preview_{name}.sql").read_text() for name in AUDIENCES}

    def rendered(self, as_of: str) -> dict[str, str]:
        """The SQL of each audience as previews render it."""
        audiences, _ = load_audiences(ProjectFolder.find(self.workspace.path))
        connection, warehouse = open_warehouse(self.database)
        macros = renderer(warehouse, variables={"segmentloom_as_of": as_of})
        texts = {
            name: macros.render("audience_members", audience.definition)
            for name, audience in audiences.items()
        }
        connection.close()
        return texts


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("publish") / "shop")


@pytest.fixture(scope="module")
def story(shop: Shop) -> Story:
    """Runs of dbt on a shop that changes in between."""
    shop.has({"p1": {"seats": 5}, "p2": {}, "p3": {"is_staff": "TRUE"}}, "p1", "p2", "p3")
    alone = shop.build("2026-06-02", CONDITIONS, "audience_staff")
    shop.preview_in_dbt()
    together = shop.build("2026-06-03T12:30:00Z", *ALL, *(f"preview_{name}" for name in AUDIENCES))
    compiled, rendered = shop.compiled(), shop.rendered("2026-06-03T12:30:00Z")

    # The test of `large` wants p1, which has lost its seats; the others are not concerned.
    shop.has(
        {"p1": {}, "p2": {"is_staff": True}, "p3": {"is_staff": True}, "p4": {"seats": 9}}, "p1", "p2", "p4"
    )
    shop.workspace.audience("staff", NEW_STAFF)
    shop.build("2026-06-04", *ALL, "--full-refresh", check=False)
    changed = shop.build("2026-06-04", CONDITIONS, "audience_buyers", "audience_staff")

    # Now only p1 is staff, but no run shows it that could be believed.
    shop.has({"p1": {"is_staff": True}})
    untested = {
        "dbt run": shop.build("2026-06-05", CONDITIONS, "audience_staff", command="run"),
        "a test left out": shop.build(
            "2026-06-05", CONDITIONS, "audience_staff", "--exclude", "audience_staff_max_members"
        ),
        "no rows": shop.build("2026-06-05", CONDITIONS, "audience_staff", "--empty"),
    }

    # One is renamed, two are deleted.
    for name in AUDIENCES:
        (shop.workspace.path / "audiences" / f"{name}.yml").unlink()
        (shop.workspace.path / "models" / f"preview_{name}.sql").unlink()
    shop.workspace.audience("employees", NEW_STAFF)
    gone = shop.build("2026-06-05", CONDITIONS, "audience_employees")
    return Story(alone, together, changed, untested, gone, compiled, rendered)


def test_one_audience_alone_is_published_alone_even_first(story: Story) -> None:
    assert story.alone.members == [("staff", "p3", "02", "02")]
    assert story.alone.log == [("02", "staff", "p3", "enter")]
    assert story.alone.sizes == [("02", "staff", 1)]


def test_members_keep_the_time_at_which_they_entered(story: Story) -> None:
    assert story.together.members == [
        ("buyers", "p1", "03", "03"),
        ("buyers", "p2", "03", "03"),
        ("large", "p1", "03", "03"),
        ("staff", "p3", "02", "03"),
    ]


def test_a_failed_test_keeps_the_last_good_members_and_a_full_refresh_keeps_all(story: Story) -> None:
    assert story.changed.members == [
        ("buyers", "p1", "03", "04"),
        ("buyers", "p4", "04", "04"),
        ("large", "p1", "03", "03"),
        ("staff", "p2", "04", "04"),
        ("staff", "p3", "02", "04"),
    ]


def test_the_log_has_each_entry_and_exit_once_however_often_an_evaluation_is_repeated(story: Story) -> None:
    assert story.changed.log == [
        ("02", "staff", "p3", "enter"),
        ("03", "buyers", "p1", "enter"),
        ("03", "buyers", "p2", "enter"),
        ("03", "large", "p1", "enter"),
        ("04", "buyers", "p2", "exit"),
        ("04", "buyers", "p4", "enter"),
        ("04", "staff", "p2", "enter"),
    ]
    assert story.changed.sizes == [
        ("02", "staff", 1),
        ("03", "buyers", 2),
        ("03", "large", 1),
        ("03", "staff", 1),
        ("04", "buyers", 2),
        ("04", "staff", 2),
    ]


@pytest.mark.parametrize("run", ["dbt run", "a test left out", "no rows"])
def test_what_was_not_tested_to_the_end_or_is_empty_on_purpose_is_not_published(
    story: Story, run: str
) -> None:
    assert story.untested[run] == story.changed


def test_no_audience_can_have_the_name_of_what_is_published(story: Story) -> None:
    assert {f"audience_{name}" for name in TAKEN} == {
        name for (name,) in story.gone.tables if name != "audience_employees"
    }


def test_audiences_that_are_gone_or_renamed_leave_only_their_history(story: Story, shop: Shop) -> None:
    assert story.gone.members == [("employees", "p1", "05", "05")]
    assert [row for row in story.gone.log if row[0] == "05"] == sorted(
        [
            ("05", "employees", "p1", "enter"),
            *(("05", audience, profile, "exit") for audience, profile, _, _ in story.changed.members),
        ]
    )
    assert story.gone.sizes == [*story.changed.sizes, ("05", "employees", 1)]
    assert [name for (name,) in story.gone.tables] == [
        "audience_changes",
        "audience_employees",
        "audience_membership",
        "audience_membership_log",
        "audience_sizes",
    ]
    generated = sorted(path.name for path in (shop.workspace.path / "models" / "audiences").iterdir())
    assert generated == ["_audiences.yml", "audience_employees.sql"]
    assert (
        "audience_staff" not in (shop.workspace.path / "models" / "audiences" / "_audiences.yml").read_text()
    )


def test_each_change_of_a_definition_is_recorded_once_when_it_is_published(story: Story) -> None:
    assert story.alone.changes == [(1, "staff", "added", None, STAFF)]
    assert [row[:3] for row in story.together.changes] == [
        (1, "staff", "added"),
        (2, "buyers", "added"),
        (2, "large", "added"),
    ]
    # The run whose test of `large` failed published the others; the one after it found nothing new.
    assert story.changed.changes == [*story.together.changes, (3, "staff", "changed", STAFF, NEW_STAFF)]


def test_definitions_that_go_are_recorded_with_what_they_were(story: Story) -> None:
    assert [row for row in story.gone.changes if row[0] == 4] == [
        (4, "buyers", "removed", story.together.changes[1][4], None),
        (4, "employees", "added", None, NEW_STAFF),
        (4, "large", "removed", story.together.changes[2][4], None),
        (4, "staff", "removed", NEW_STAFF, None),
    ]


@pytest.mark.parametrize("name", AUDIENCES)
def test_dbt_compiles_what_previews_render(story: Story, name: str) -> None:
    assert story.compiled[name].split() == story.rendered[name].split()
