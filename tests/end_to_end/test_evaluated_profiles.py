"""An evaluation looks at profiles whose answers may be others, and at all only for new conditions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.audiences.compile import compile_audiences
from segmentloom_sync.project import ProjectFolder
from tests.audience_tables import fill, open_warehouse
from tests.oracles.audiences import Event
from tests.oracles.condition_mutants import OF_COUNTING_ANEW, OF_DECIDING_EVENTS, OF_RETURNING_CONDITIONS
from tests.oracles.workshop import SqlMutant
from tests.workspace import REPOSITORY, Workspace

pytestmark = pytest.mark.slow

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEXT_DAY = NOON + 13 * HOUR
AUDIENCES: dict[str, dict[str, Any]] = {
    "spent": {"event": "Bought", "sum": {"property": "amount", "gte": 10}, "within": "7 days"},
    "regular": {"event": "Seen", "distinct_days": ">= 1", "within": "2 calendar days"},
    "chain": {"sequence": [{"event": "Read"}, {"event": "Asked"}], "within": "30 days"},
    "debut": {"event": "Joined", "occurrence": "first", "within": "30 days"},
    "success": {"event": "Tried", "occurrence": "first", "where": [{"property": "amount", "gte": 10}]},
    "often": {"event": "Clicked", "count": ">= 1", "within": "7 days"},
}
MORE = {"more": {"event": "Clicked", "count": ">= 1", "within": "14 days"}}
"""It has another thing counted of an event that an audience counts already."""
BOUGHT: dict[str, Any] = {"event": "Bought", "count": ">= 1", "within": "30 days"}
EVERYBODY: tuple[tuple[str, float, float], ...] = ("Clicked", 10, 5), ("Asked", 20, 5)
FIRST: dict[str, list[tuple[str, float, float]]] = {
    "p0": [("Bought", 7 - 1 / 24, 10)],
    "p1": [("Seen", 26 / 24, 0)],
    "p2": [("Read", 25, 0)],
    "p4": [("Read", 15, 0)],
    "p5": [("Joined", 10, 0)],
    "p6": [("Tried", 5, 10)],
    "p7": [("Seen", -0.5, 0)],
    "p9": [("Clicked", 7 - 1 / 24, 5)],
}
"""Event, how many days before noon, and amount."""
THEN = {
    "p3": ("Read", 25, 0),
    "p4": ("Asked", 3, 0),
    "p5": ("Joined", 50, 0),
    "p6": ("Tried", 6, 5),
    "p8": ("Bought", 8, 10),
}
"""What comes in later. Of `p2` an event counts no more; what `p8` did lies outside of its window."""
AT_FIRST = {
    ("spent", "p0"),
    ("regular", "p1"),
    ("chain", "p2"),
    ("debut", "p5"),
    ("success", "p6"),
    ("often", "p9"),
}
WITH_MORE = AT_FIRST - {("spent", "p0"), ("often", "p9")} | {("more", f"p{number}") for number in range(10)}
WITHOUT_NEW_EVENTS = {("regular", "p7"), ("chain", "p2"), ("debut", "p5"), ("success", "p6")}
AFTERWARDS = {("chain", "p3"), ("chain", "p4"), ("regular", "p7")}
NEW_EVENT = """
insert into segmentloom.events by name
select 'new-' || profile_id as event_id, 'app' as source_id, 'track' as type, $event as event,
    cast($at as timestamp) as occurred_at, cast($properties as json) as properties,
    cast(occurred_at as date) as event_date, identifier_key as owner_key, 2 as batch
from segmentloom.int_segmentloom__identity_map where profile_id = $profile
"""
RETRACTION = """
insert into segmentloom.int_segmentloom__retractions by name
select owner_key, 2 as batch from segmentloom.events where event_id = 'Asked-p2';
delete from segmentloom.events where event_id = 'Asked-p2';
insert into segmentloom.int_segmentloom__progress by name
select * replace (entry + 1 as entry, 2 as batch)
from segmentloom.int_segmentloom__progress where consumer = 'segmentloom__events'
qualify row_number() over (order by entry desc) = 1
"""


class Shop:
    """Ten people, whose profiles never change: only their events can say whom to look at."""

    def __init__(self, path: Path) -> None:
        self.workspace = Workspace.create(path)
        self._file = path / "warehouse.duckdb"
        people = [f"p{number}" for number in range(10)]
        connection, _ = open_warehouse(self._file)
        fill(
            connection,
            {person: {} for person in people},
            [
                Event(
                    person, name, NOON - timedelta(days=days), {"amount": amount}, "app", f"{name}-{person}"
                )
                for person in people
                for name, days, amount in [*EVERYBODY, *FIRST.get(person, [])]
            ],
        )
        connection.close()
        self.ask(AUDIENCES)
        self.evaluate(NOON)
        assert self.members() == AT_FIRST
        self.rows("checkpoint")
        shutil.copy(self._file, path / "start.duckdb")
        (path / "macros").unlink()
        shutil.copytree(REPOSITORY / "macros", path / "macros")

    def begin_again(self) -> None:
        """Have everything as it was at noon."""
        Path(f"{self._file}.wal").unlink(missing_ok=True)
        shutil.copy(self._file.with_name("start.duckdb"), self._file)
        self.ask(AUDIENCES)

    def ask(self, audiences: Mapping[str, Mapping[str, Any]]) -> None:
        """Have these audiences and no others."""
        for path in (self.workspace.path / "audiences").glob("*.yml"):
            path.unlink()
        for name, match in audiences.items():
            self.workspace.audience(name, json.dumps({"match": match, "tests": {"max_members": 100}}))
        compile_audiences(ProjectFolder.find(self.workspace.path))

    def evaluate(self, at: datetime, command: str = "build") -> str:
        """Evaluate all audiences; returns what dbt says of the conditions."""
        variables = json.dumps({"segmentloom_as_of": at.isoformat()})
        models = ["segmentloom.conditions", "tag:audience"]
        self.workspace.dbt(command, "--select", *models, "--vars", variables)
        results = json.loads((self.workspace.path / "target" / "run_results.json").read_text())["results"]
        [said] = [
            result["message"]
            for result in results
            if result["unique_id"] == "model.segmentloom.int_segmentloom__conditions"
        ]
        assert isinstance(said, str)
        return said

    def evaluate_wrongly(self, at: datetime, mutant: SqlMutant | None) -> None:
        """Evaluate all audiences with a mutant's code."""
        if mutant is None:
            self.evaluate(at)
            return
        right = (REPOSITORY / mutant.file).read_text()
        assert right.count(mutant.right) == 1, f"{mutant.file} has not exactly one {mutant.right!r}"
        file = self.workspace.path / mutant.file
        file.write_text(right.replace(mutant.right, mutant.wrong))
        try:
            self.evaluate(at)
        finally:
            file.write_text(right)

    def go_on(self) -> None:
        """A batch comes in, and one event counts no more."""
        for profile, (event, days, amount) in THEN.items():
            at = (NOON - timedelta(days=days)).replace(tzinfo=None).isoformat()
            properties = json.dumps({"amount": amount})
            self.rows(NEW_EVENT, profile=profile, event=event, at=at, properties=properties)
        for statement in RETRACTION.split(";"):
            self.rows(statement)

    def members(self) -> set[tuple[str, str]]:
        """Who is published in which audience."""
        return set(self.rows("select audience, profile_id from segmentloom.audience_membership"))

    def generation(self) -> str:
        """Of the feed of changed conditions."""
        [(generation,)] = self.rows(
            "select generation from segmentloom.int_segmentloom__progress"
            " where consumer = 'int_segmentloom__condition_changes' order by entry desc limit 1"
        )
        return str(generation)

    def rows(self, sql: str, **values: Any) -> list[Any]:
        """Execute a statement."""
        connection, _ = open_warehouse(self._file)
        try:
            found: list[Any] = connection.execute(sql, values).fetchall()
            return found
        finally:
            connection.close()


@pytest.fixture(scope="module")
def at_noon(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("evaluated") / "shop")


@pytest.fixture
def shop(at_noon: Shop) -> Shop:
    at_noon.begin_again()
    return at_noon


def test_only_owners_of_events_that_decide_are_looked_at(shop: Shop) -> None:
    assert shop.evaluate(NOON + timedelta(microseconds=1)) == "profiles evaluated: 0"
    shop.go_on()
    assert shop.evaluate(NEXT_DAY) == "profiles evaluated: 9"
    assert shop.members() == AFTERWARDS
    assert shop.evaluate(NEXT_DAY) == "profiles evaluated: 0"


@pytest.mark.parametrize("name", OF_DECIDING_EVENTS)
def test_looking_at_too_few_is_noticed(name: str, shop: Shop) -> None:
    shop.go_on()
    shop.evaluate_wrongly(NEXT_DAY, OF_DECIDING_EVENTS[name])
    assert shop.members() != AFTERWARDS


def test_new_conditions_are_evaluated_alone_and_the_feed_goes_on(shop: Shop) -> None:
    generation = shop.generation()
    shop.ask({**AUDIENCES, "month": BOUGHT})
    assert shop.evaluate(NOON) == "profiles evaluated: 0, and all for conditions: 1"
    shop.ask({**AUDIENCES, **MORE})
    # The condition of `month` goes, that of `often` is counted anew beside the new one.
    # `p0` bought a week ago.
    assert shop.evaluate(NOON + HOUR) == "profiles evaluated: 1, and all for conditions: 2"
    assert shop.generation() == generation
    assert shop.members() == WITH_MORE


@pytest.mark.parametrize("name", OF_COUNTING_ANEW)
def test_forgetting_what_is_counted_anew_is_noticed(name: str, shop: Shop) -> None:
    shop.ask({**AUDIENCES, **MORE})
    shop.evaluate_wrongly(NOON + HOUR, OF_COUNTING_ANEW[name])
    assert shop.members() != WITH_MORE


@pytest.mark.parametrize("name", [None, *OF_RETURNING_CONDITIONS])
def test_a_condition_that_was_not_kept_for_a_while_is_compared_for_everybody(
    name: str | None, shop: Shop
) -> None:
    """The audience was published with it, and is again; in between its model was built otherwise."""
    shop.ask({**AUDIENCES, "spent": BOUGHT})
    shop.evaluate(NEXT_DAY, "run")
    assert ("spent", "p0") in shop.members()
    shop.ask(AUDIENCES)
    shop.evaluate_wrongly(NEXT_DAY + HOUR, OF_RETURNING_CONDITIONS[name] if name else None)
    assert (shop.members() == WITHOUT_NEW_EVENTS) == (name is None)
