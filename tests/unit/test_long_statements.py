"""No statement of the shared evaluation, and no view, grows longer than engines take.

BigQuery takes 1,048,576 characters of a query and 262,144 of a view's definition
(https://cloud.google.com/bigquery/quotas), Snowflake a megabyte of a statement.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

import pytest

from segmentloom_sync.audiences.definition import AudienceFile
from segmentloom_sync.warehouse.base import Engine
from tests.unit.recorded_statements import ALL_FOLDERS, AS_OF, RecordedStatements

EVENTS: Final = [f"Event Number {number}" for number in range(200)]
LONGEST_STATEMENT: Final = 800_000
LONGEST_VIEW: Final = 200_000
FILTERS: Final = (
    lambda pick: {"property": "amount", "gt": pick.randint(1, 10) * 10},
    lambda pick: {"property": "category", "is": f"cat{pick.randint(1, 20)}"},
    lambda pick: {"property": "url", "contains": f"/pricing/{pick.randint(1, 20)}"},
)
MORE: Final = (
    lambda pick: {"sum": {"property": "total", "gte": pick.randint(1, 20) * 50}},
    lambda pick: {"distinct_days": f">= {pick.randint(2, 9)}"},
    lambda pick: {"occurrence": pick.choice(["first", "last"])},
)


class Conditions:
    """What both models do for some audiences: everything anew, and an hour that touches everything."""

    def __init__(self, engine: Engine, files: dict[str, dict[str, Any]]) -> None:
        definitions = {
            name: AudienceFile.model_validate(file).definition(name, ()) for name, file in files.items()
        }
        self._counts = RecordedStatements(engine, "int_segmentloom__event_counts", definitions, self._answer)
        self._conditions = RecordedStatements(
            engine, "int_segmentloom__conditions", definitions, self._answer
        )
        self.plan = self._counts.call("condition_plan")

    def numbers(self) -> dict[str, int]:
        """How many statements everything takes, and an hour that touches everything."""
        made = (
            self.count_everything,
            self.count_changes,
            self.evaluate_everything,
            self.evaluate_changes,
        )
        return {one.__name__: len(one()) for one in made}

    def _answer(self, sql: str) -> list[tuple[Any, ...]]:
        if "group by event order by event" in sql:
            return [(event, 1000) for event in self.plan["counted"] if f"'{event}'" in sql]
        return [] if "select distinct table_name" in sql else [(1000,)]

    def count_everything(self) -> list[str]:
        """Count all events anew."""
        macros = self._counts
        macros.statements.clear()
        step = self._count_step(list(self.plan["counted"]), has_retractions=False)
        macros.call("count_everything", step, self.plan, macros.relation("int_segmentloom__event_counts"))
        return [*macros.statements]

    def count_changes(self) -> list[str]:
        """Count an hour in which events stopped counting, and a tenth of the events anew."""
        macros = self._counts
        macros.statements.clear()
        step = self._count_step(list(self.plan["counted"])[::10], has_retractions=True)
        target = macros.relation("int_segmentloom__event_counts")
        assert macros.call("count_changes", step, self.plan, macros.scratch(), target)
        return [*macros.statements]

    def evaluate_everything(self) -> list[str]:
        """Evaluate all conditions for all profiles."""
        macros = self._conditions
        macros.statements.clear()
        target = macros.relation("int_segmentloom__conditions")
        step = self._condition_step([], is_full=True)
        macros.call("evaluate_everything", step, self.plan, macros.scratch(), target)
        return [*macros.statements]

    def evaluate_changes(self) -> list[str]:
        """Evaluate all conditions for some profiles, and each of them anew for all."""
        macros = self._conditions
        macros.statements.clear()
        target = macros.relation("int_segmentloom__conditions")
        step = self._condition_step(self.plan["columns"], is_full=False)
        macros.call("evaluate_changes", step, self.plan, macros.scratch(), target)
        return [*macros.statements]

    def _count_step(self, stale: list[str], *, has_retractions: bool) -> dict[str, Any]:
        return {
            "as_of": AS_OF,
            "known": {"as_of": AS_OF.replace("12:30", "11:30"), "batch": 4},
            "has_columns": self.plan["width"],
            "counters": self._counts.call("counter_digests", self.plan),
            "stale": stale,
            "gone": [],
            "newly_followed": self._counts.call("followed_columns", self.plan),
            "unfollowed": self._counts.call("followed_columns", self.plan),
            "from_batch": 4,
            "to_batch": 5,
            "generation": "laid",
            "rules": "rules",
            "has_retractions": has_retractions,
            "is_full": False,
            "change": 7,
            "change_generation": "laid",
        }

    def _condition_step(self, anew: list[str], *, is_full: bool) -> dict[str, Any]:
        feed = {"generation": "laid", "from_batch": 4, "to_batch": 5}
        return {
            "columns": self.plan["columns"],
            "is_full": is_full,
            "existing": self.plan["columns"],
            "anew": anew,
            "known": anew,
            "gone": anew,
            "as_of": AS_OF,
            "profiles": feed,
            "counts": feed,
            "generation": "laid",
            "begun_at": 4,
            "known_as_of": AS_OF,
            "rules": "rules",
            "change": 7,
            "is_new_generation": False,
            "change_generation": "laid",
        }


@pytest.fixture(autouse=True)
def all_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segmentloom_sync.macros.FOLDERS", ALL_FOLDERS)


@pytest.mark.parametrize(
    "engine", ["bigquery", *(pytest.param(name, marks=pytest.mark.slow) for name in ("snowflake", "duckdb"))]
)
def test_a_thousand_audiences_make_no_statement_too_long(engine: Engine) -> None:
    conditions = Conditions(engine, dict(audiences(1000, len(EVENTS))))
    assert len(conditions.plan["columns"]) > 3000
    statements = conditions.count_changes() + conditions.evaluate_changes()
    for statement in statements:
        assert len(statement.encode()) < LONGEST_STATEMENT, statement[:200]
    if engine == "bigquery":
        [view] = [statement for statement in statements if statement.startswith("create or replace view")]
        assert len(view.encode()) < LONGEST_VIEW


@pytest.mark.parametrize(("number", "events"), [(25, 20), (400, 60)])
def test_so_many_audiences_as_most_have_take_no_more_statements_than_few(number: int, events: int) -> None:
    few = Conditions("bigquery", dict(audiences(20, 5))).numbers()
    assert Conditions("bigquery", dict(audiences(number, events))).numbers() == few


def test_the_view_of_five_thousand_conditions_is_one_that_bigquery_takes() -> None:
    macros = RecordedStatements("bigquery", "int_segmentloom__conditions", {}, lambda _sql: [])
    columns = [f"c_{number:016x}" for number in range(5000)]
    words = macros.relation("int_segmentloom__condition_words_01234567")
    assert len(macros.render("unpacked_conditions", columns, words)) < LONGEST_VIEW


def audiences(number: int, events: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Random audiences of three to five conditions of all kinds, over so many events."""
    pick = random.Random(5)
    for place in range(number):
        yield (
            f"a{place:04}",
            {"match": {"all": [_condition(pick, events) for _ in range(pick.randint(3, 5))]}},
        )


def _condition(pick: random.Random, events: int) -> dict[str, Any]:
    kind = pick.random()
    if kind < 0.12:
        return {"trait": pick.choice(["plan", "country", "city"]), "is": f"value {pick.randint(1, 20)}"}
    event = {"event": EVENTS[int(events * pick.random() ** 1.6)]}
    window = {"within": f"{pick.choice((3, 7, 14, 30, 60, 90, 180))} days"}
    if kind < 0.16:
        other = {"event": EVENTS[int(events * pick.random())]}
        return {"sequence": [{**event, "where": [pick.choice(FILTERS)(pick)]}, other], **window}
    where = {"where": [pick.choice(FILTERS)(pick)]} if pick.random() < 0.6 else {}
    if kind < 0.26:
        return {**event, **window, **where, **pick.choice(MORE)(pick)}
    return {**event, **window, **where, "count": "= 0" if kind < 0.4 else f">= {pick.randint(1, 5)}"}
