"""Previews count an audience, each condition alone and each sync, and write nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from segmentloom_sync.audiences.choose import choose_audience
from segmentloom_sync.audiences.library import Audience, parse
from segmentloom_sync.audiences.preview import Previewer
from segmentloom_sync.audiences.preview_destinations import Choices, DestinationCounter
from segmentloom_sync.audiences.preview_figures import Preview
from segmentloom_sync.errors import ConfigError, DefinitionError
from segmentloom_sync.project import Project, ProjectFolder
from segmentloom_sync.sync.tables import ensure_tables
from segmentloom_sync.warehouse.base import Statement
from segmentloom_sync.warehouse.duckdb import DuckDb
from tests.audience_tables import fill, open_warehouse
from tests.oracles.audiences import Event
from tests.workspace import REPOSITORY

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
PROJECT = cast(
    Project, SimpleNamespace(directory=REPOSITORY, name="segmentloom", variables={}, target="test")
)
TRAITS = {
    "p1": {"plan": "free"},
    "p2": {"plan": "free"},
    "p3": {"plan": "paid"},
    "p4": {"plan": "free", "staff": True},
}
EVENTS = [
    Event("p1", "Bought", AS_OF, {}),
    Event("p3", "Bought", AS_OF - timedelta(days=7), {}),
    Event("p4", "Bought", AS_OF - timedelta(days=6), {}),
]
STAFF = "match: {trait: staff, is: true}"
TEAM = "match: {any: [{audience: staff}, {trait: plan, is: paid}]}"
BUYERS = """
match:
  all:
    - {event: Bought, within: 7 days}
    - not: {audience: team}
sync:
  - {destination: google_ads, list: Buyers}
  - {destination: facebook, list: Buyers, identifiers: [email, phone]}
"""


def audience(name: str, text: str) -> Audience:
    """A valid audience."""
    made, problems = parse(text.encode(), name=name, label=f"audiences/{name}.yml")
    assert problems == []
    assert made is not None
    return made


AUDIENCES = {
    name: audience(name, text) for name, text in (("staff", STAFF), ("team", TEAM), ("buyers", BUYERS))
}


@pytest.fixture
def database() -> Iterator[tuple[duckdb.DuckDBPyConnection, DuckDb]]:
    """A warehouse with profiles and events, and no audience built."""
    connection, warehouse = open_warehouse()
    fill(connection, TRAITS, EVENTS)
    yield connection, warehouse
    connection.close()


def preview(warehouse: DuckDb, name: str = "buyers", as_of: datetime = AS_OF) -> Preview:
    """The preview of an audience, its syncs counted."""
    choices = {"facebook": Choices("meta")}
    counter = DestinationCounter(warehouse, name, AS_OF, choices)
    return Previewer(PROJECT, warehouse, AUDIENCES, as_of).preview(AUDIENCES[name], counter)


def test_the_document_has_the_keys_that_others_rely_on(
    database: tuple[duckdb.DuckDBPyConnection, DuckDb],
) -> None:
    assert preview(database[1]).document() == {
        "audience": "buyers",
        "profiles": 4,
        "members": 1,
        "as_of": "2026-07-01T00:00:00Z",
        "conditions": [
            {
                "condition": 'match.all[0]: event "Bought" >= 1 within 7 days',
                "members": 2,
                "removes": 1,
            },
            {"condition": "match.all[1].not: audience team", "members": 2, "removes": 1},
        ],
        "funnel": [
            {"condition": 'match.all[0]: event "Bought" >= 1 within 7 days', "members": 2},
            {"condition": "match.all[1].not: audience team", "members": 1},
        ],
        "by_destination": [
            {
                "destination": "google_ads",
                "identifiers": {"email": 1},
                "adds": 1,
                "removes": 0,
                "warnings": [
                    "the list 'Buyers' at google_ads has 1 person to match, "
                    "and google_ads uses no list with fewer than 100 matched people"
                ],
            },
            {
                "destination": "facebook",
                "identifiers": {"email": 1, "phone": 0},
                "adds": 1,
                "removes": 0,
                "warnings": [
                    "the list 'Buyers' at facebook has at most 1 person to match, "
                    "and meta uses no list with fewer than 100 matched people"
                ],
            },
        ],
        "published": None,
        "overlaps": [],
        "history": [],
        "estimated_bytes": None,
        "notes": [],
    }


def test_nothing_is_written(database: tuple[duckdb.DuckDBPyConnection, DuckDb]) -> None:
    connection, warehouse = database
    tables = "select table_schema, table_name from information_schema.tables order by all"
    before = connection.execute(tables).fetchall()
    preview(warehouse)
    assert connection.execute(tables).fetchall() == before


def test_changes_are_against_what_the_list_may_hold(
    database: tuple[duckdb.DuckDBPyConnection, DuckDb],
) -> None:
    connection, warehouse = database
    ensure_tables(warehouse)
    connection.execute(
        "insert into segmentloom_sync.lists (destination, list_name, list_id, recorded_at)"
        " values ('google_ads', 'Buyers', 'L1', now())"
    )
    connection.execute(
        "insert into segmentloom_sync.ledger (destination, list_id, identifier_type, identifier, member_key,"
        " state, may_hold, last_added_at) select 'google_ads', 'L1', 'email', identifier, profile_id,"
        " 'accepted', true, timestamp '2026-06-30' from segmentloom.hashed_identifiers"
        " where hash_rule = 'google' and profile_id in ('p1', 'p2', 'p3')"
    )
    google, facebook = preview(warehouse).by_destination
    assert (google.identifiers, google.adds, google.removes) == ({"email": 1}, 0, 2)
    assert (facebook.adds, facebook.removes) == (1, 0)


PUBLISHED = """
create table segmentloom.audience_membership (
    audience varchar, profile_id varchar, entered_at timestamp, evaluated_at timestamp
);
create table segmentloom.audience_sizes (audience varchar, evaluated_at timestamp, members bigint);
insert into segmentloom.audience_membership (audience, profile_id) values
    ('buyers', 'p2'), ('buyers', 'p3'),
    ('twins', 'p1'), ('twins', 'p2'), ('same', 'p1'), ('others', 'p2'), ('zeros', 'p1');
insert into segmentloom.audience_sizes values
    ('buyers', '2026-06-30', 2), ('buyers', '2026-06-28', 7), ('buyers', '2026-06-29', 4),
    ('twins', '2026-06-30', 2);
"""


def test_what_is_published_is_compared(database: tuple[duckdb.DuckDBPyConnection, DuckDb]) -> None:
    connection, warehouse = database
    connection.execute(PUBLISHED)
    shown = preview(warehouse).document()
    assert shown["published"] == {"members": 2, "entering": 1, "leaving": 2}
    assert shown["overlaps"] == [
        {"audience": "same", "members": 1, "both": 1, "share": 1.0},
        {"audience": "twins", "members": 2, "both": 1, "share": 1.0},
        {"audience": "zeros", "members": 1, "both": 1, "share": 1.0},
    ]
    assert [(size["evaluated_at"].day, size["members"]) for size in shown["history"]] == [
        (28, 7), (29, 4), (30, 2),
    ]  # fmt: skip


def test_an_audience_that_was_published_empty_is_not_one_that_never_was(
    database: tuple[duckdb.DuckDBPyConnection, DuckDb],
) -> None:
    connection, warehouse = database
    connection.execute(PUBLISHED)
    connection.execute("insert into segmentloom.audience_sizes values ('staff', '2026-06-30', 0)")
    published = preview(warehouse, "staff").document()["published"]
    assert published == {"members": 0, "entering": 1, "leaving": 0}
    assert preview(warehouse, "team").document()["published"] is None


class Estimating(DuckDb):
    """DuckDB, as if it knew what a query reads."""

    def estimated_bytes(self, query: Statement) -> int | None:
        return 1000


def test_more_bytes_than_allowed_are_not_read(
    database: tuple[duckdb.DuckDBPyConnection, DuckDb],
) -> None:
    warehouse = Estimating(database[0], "segmentloom", lambda: None)
    prepared = Previewer(PROJECT, warehouse, AUDIENCES, AS_OF).prepare(AUDIENCES["staff"])
    with pytest.raises(ConfigError, match="would read 1,000 bytes, more than --max-bytes 999"):
        prepared.estimated_bytes(999)
    assert prepared.estimated_bytes(1000) == 1000
    assert prepared.count().estimated_bytes == 1000


def test_an_engine_that_does_not_estimate_refuses_a_limit(
    database: tuple[duckdb.DuckDBPyConnection, DuckDb],
) -> None:
    prepared = Previewer(PROJECT, database[1], AUDIENCES, AS_OF).prepare(AUDIENCES["staff"])
    assert prepared.estimated_bytes() is None
    with pytest.raises(ConfigError, match="duckdb does not say beforehand how much a query reads"):
        prepared.estimated_bytes(10**12)


class Recording(DuckDb):
    """DuckDB that remembers what was asked of tables, and says what a query reads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection, "segmentloom", lambda: None)
        self.asked: list[str] = []

    def rows(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        self.asked += [sql] if "information_schema" not in sql else []
        return super().rows(sql, **parameters)

    def estimated_bytes(self, query: Statement) -> int | None:
        return 1000


BOUGHT = 'no event is named "Bougth"; did you mean "Bought"?'
PLAN = 'no profile has the trait "plna"; did you mean "plan"?'
NAMES = [
    # what is wrong with names that no event and no profile has
    ("{event: Bougth}", BOUGHT),
    ("{event: BOUGHT}", 'no event is named "BOUGHT"; did you mean "Bought"?'),
    ("{event: Unlike All}", 'no event is named "Unlike All"'),
    ("{event: Bougth, count: '= 0'}", BOUGHT),
    ("{event: Bougth, sum: {property: a, is_not: 1}}", BOUGHT),
    ("{sequence: [{event: Bought}, {event: Bougth}]}", BOUGHT),
    ("{event: Bought, within: 1 hour, where: [{property: a, is: 1}]}",),
    ("{event: Bought, count: '>= 9'}",),
    ("{trait: plna, is: free}", PLAN),
    ("{trait: plna, is_not: free}", PLAN),
    ("{trait: plna, exists: false}", PLAN),
    ("{trait: plan.name, is: free}", 'no profile has the trait "plan.name"'),
    ("{trait: plan, is: dear}",),
    ("{trait: plan, exists: false}",),
    (
        "{any: [{event: a}, {trait: zz, is: 1}, {event: a}]}",
        'no event is named "a"',
        'no profile has the trait "zz"',
    ),
]


@pytest.mark.parametrize("case", NAMES, ids=[case[0] for case in NAMES])
def test_names_that_nobody_ever_sent_are_told(
    database: tuple[duckdb.DuckDBPyConnection, DuckDb], case: tuple[str, ...]
) -> None:
    condition, *notes = case
    previewer = Previewer(PROJECT, database[1], AUDIENCES, AS_OF)
    counted = previewer.preview(audience("a", f"match: {condition}"))
    assert list(counted.notes) == notes


def test_nothing_more_is_asked_while_every_condition_holds_for_somebody(
    database: tuple[duckdb.DuckDBPyConnection, DuckDb],
) -> None:
    warehouse = Recording(database[0])
    previewer = Previewer(PROJECT, warehouse, AUDIENCES, AS_OF)
    previewer.preview(AUDIENCES["buyers"])
    previewer.preview(audience("all", "match: {any: [{trait: plan, exists: true}, {event: Bought}]}"))
    assert len(warehouse.asked) == 2
    previewer.preview(audience("seen", "match: {event: Bought, count: '>= 9'}"))
    assert len(warehouse.asked) == 4
    previewer.preview(audience("unseen", "match: {event: Bougth}"))
    assert len(warehouse.asked) == 7


def test_names_are_not_looked_up_for_more_bytes_than_allowed(
    database: tuple[duckdb.DuckDBPyConnection, DuckDb],
) -> None:
    warehouse = Recording(database[0])
    previewer = Previewer(PROJECT, warehouse, AUDIENCES, AS_OF)
    notes = {}
    for limit in (1000, 2000, 3000):
        prepared = previewer.prepare(audience("unseen", "match: {event: Bougth}"))
        assert prepared.estimated_bytes(limit) == 1000
        notes[limit] = prepared.count().notes
    dear = ("names were not looked up: that would read more than --max-bytes",)
    assert notes[1000] == notes[2000] == dear
    assert notes[3000] == ('no event is named "Bougth"; did you mean "Bought"?',)
    assert len(warehouse.asked) == 1 + 2 + 3


@pytest.mark.parametrize(
    ("tests", "notes"),
    [
        ("{min_members: 3, max_members: 3}", []),
        ("{min_members: 4}", ["tests: min_members 4 would fail with 3"]),
        ("{max_members: 2}", ["tests: max_members 2 would fail with 3"]),
    ],
)
def test_tests_of_the_size_that_would_fail_are_told(
    database: tuple[duckdb.DuckDBPyConnection, DuckDb], tests: str, notes: list[str]
) -> None:
    previewer = Previewer(PROJECT, database[1], AUDIENCES, AS_OF)
    counted = previewer.preview(audience("a", f"match: {{trait: plan, is: free}}\ntests: {tests}"))
    assert counted.members == 3
    assert list(counted.notes) == notes


def test_as_of_bounds_the_events(database: tuple[duckdb.DuckDBPyConnection, DuckDb]) -> None:
    before = preview(database[1], as_of=AS_OF - timedelta(microseconds=1))
    assert (before.members, [count.members for count in before.conditions]) == (0, [2, 2])


def test_quarantined_profiles_are_members_and_are_not_sent(
    database: tuple[duckdb.DuckDBPyConnection, DuckDb],
) -> None:
    connection, warehouse = database
    connection.execute("update segmentloom.profiles set is_quarantined = true")
    counted = preview(warehouse)
    assert counted.members == 1
    assert [row.adds for row in counted.by_destination] == [0, 0]


def test_before_the_first_build_the_hint_says_what_to_run() -> None:
    connection, warehouse = open_warehouse()
    with pytest.raises(ConfigError, match="has no profiles and no int_segmentloom__profile_events") as caught:
        Previewer(PROJECT, warehouse, AUDIENCES, AS_OF)
    assert caught.value.hint is not None
    assert "dbt build" in caught.value.hint
    connection.close()


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    """A project with a good, a wrong and a depending audience."""
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    (tmp_path / "audiences").mkdir()
    for name, text in (("staff", STAFF), ("team", TEAM), ("wrong", "match: {}")):
        (tmp_path / "audiences" / f"{name}.yml").write_text(text)
    return ProjectFolder.find(tmp_path)


def test_a_wrong_file_is_a_warning_for_the_others(project: ProjectFolder) -> None:
    choice = choose_audience(project, "team")
    assert choice.audience.name == "team"
    assert len(choice.warnings) == 1
    assert choice.warnings[0].startswith("audiences/wrong.yml:1:8: ")
    with pytest.raises(DefinitionError, match=r"audiences/wrong\.yml:1:8"):
        choose_audience(project, "wrong")


def test_an_unknown_audience_brings_a_suggestion(project: ProjectFolder) -> None:
    with pytest.raises(ConfigError, match="there is no audience 'staf'") as caught:
        choose_audience(project, "staf")
    assert caught.value.hint == "did you mean 'staff'?"
    with pytest.raises(ConfigError) as caught:
        choose_audience(project, "wrng")
    assert caught.value.hint == "did you mean 'wrong'?"
    with pytest.raises(ConfigError) as caught:
        choose_audience(project, "zzz")
    assert caught.value.hint == "audiences: staff, team, wrong"


def test_what_holds_an_audience_back_is_told_before_it(project: ProjectFolder) -> None:
    folder = project.directory / "audiences"
    (folder / "draft.yml").write_text("match: {event: X")
    (folder / "cart.yml").write_text("match: {event: x}\npriority: {group: carts, rank: 2}")
    (folder / "user.yml").write_text("match: {audience: cart}")
    with pytest.raises(DefinitionError) as caught:
        choose_audience(project, "user")
    assert caught.value.problems == [
        "audiences/draft.yml:1:8: the { that opens here is not closed",
        "audiences/cart.yml:2:32: the priority in audiences/draft.yml cannot be read: "
        "it could belong to the group 'carts' and come first",
        "audiences/user.yml:1:19: uses the audience 'cart', whose file is wrong",
    ]


def test_a_file_fills_lists_only_where_the_audiences_are(project: ProjectFolder, tmp_path: Path) -> None:
    text = "match: {event: x}\nsync: [{destination: meta, list: A}]"
    draft = tmp_path / "draft.yml"
    for file in (draft, *(project.directory / "audiences" / f"{name}.yml" for name in ("one", "two"))):
        file.write_text(text)
    message = r"the list 'A' at meta is also that of 'two'"
    for wanted in ("one", str(project.directory / "audiences" / "one.yml")):
        with pytest.raises(DefinitionError, match=message):
            choose_audience(project, wanted)
    (project.directory / "audiences" / "one.yml").unlink()
    assert choose_audience(project, str(draft)).audience.sync[0].list_name == "A"


def test_a_file_anywhere_can_use_the_audiences_of_the_project(
    project: ProjectFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = tmp_path / "draft.yml"
    draft.write_text("match: {all: [{audience: team}, {event: x}]}")
    assert choose_audience(project, str(draft)).audience.name == "draft"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(draft.read_bytes())))
    assert choose_audience(project, "-").audience.name == "stdin"
    draft.write_text("match: {audience: teem}")
    with pytest.raises(DefinitionError, match="unknown audience 'teem'; did you mean 'team'"):
        choose_audience(project, str(draft))
    with pytest.raises(ConfigError, match="there is no file"):
        choose_audience(project, "nope.yml")
    with pytest.raises(ConfigError, match=r"cannot read x+\.yml: file name too long"):
        choose_audience(project, f"{'x' * 300}.yml")
