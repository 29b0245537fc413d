"""Macros that read text give the same on every engine, whatever its session or project takes for granted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Engine, Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.engines.conftest import NewWorkspace

BLANKS = " \t\n\r\f\v"
TIMES = [
    ("2026-03-01T10:00:00+02:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
    ("2026-03-01 10:00:00.000001 +0200", datetime(2026, 3, 1, 8, 0, 0, 1, tzinfo=UTC)),
    (" 2026-03-01t10:00:00z ", datetime(2026, 3, 1, 10, tzinfo=UTC)),
    ("2026-03-01 10:00:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
    ("2026-03-01 10:00:00.5+02", datetime(2026, 3, 1, 8, 0, 0, 500_000, tzinfo=UTC)),
    ("2026-03-01 10:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
    ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
    ("1772359200", None),
    ("1772359200000", None),
    ("yesterday", None),
]


@dataclass(frozen=True)
class Evaluator:
    """Evaluates a macro over one text on an engine."""

    warehouse: Warehouse
    macros: MacroRenderer

    def of(self, macro: str, text: str) -> Any:
        """What the macro makes of a text."""
        return self.over(macro, self.macros.render("literal", text))

    def over(self, macro: str, constant: str) -> Any:
        """What the macro makes of an SQL constant."""
        value = self.macros.render(macro, "held.value")
        [row] = self.warehouse.rows(f"select {value} as result from (select {constant} as value) as held")
        return row[0]


@pytest.fixture(scope="module")
def evaluator(engine: Engine, new_workspace: NewWorkspace) -> Iterator[Evaluator]:
    """On each engine in turn."""
    workspace = new_workspace(engine)
    project = Project.find(workspace.path, workspace.path)
    with closing(connect(project)) as warehouse:
        yield Evaluator(warehouse, MacroRenderer(project, warehouse))


@pytest.mark.parametrize(("text", "time"), TIMES)
def test_text_becomes_a_time_in_utc(evaluator: Evaluator, text: str, time: datetime | None) -> None:
    assert evaluator.of("utc_timestamp", text) == time


@pytest.mark.parametrize("fraction", ["", ".000001"])
def test_a_time_stays_what_it_is(evaluator: Evaluator, fraction: str) -> None:
    constant = evaluator.macros.render("timestamp_literal", f"2026-03-01T10:00:00{fraction}Z")
    found = evaluator.over("utc_timestamp", constant)
    assert found == datetime.fromisoformat(f"2026-03-01T10:00:00{fraction}+00:00")


def test_a_date_is_its_midnight(evaluator: Evaluator) -> None:
    assert evaluator.over("utc_timestamp", "cast('2026-03-01' as date)") == datetime(2026, 3, 1, tzinfo=UTC)


def test_ascii_blanks_are_trimmed_and_nothing_else(evaluator: Evaluator) -> None:
    kept = f"x0b{BLANKS}\\fnrt"
    assert evaluator.of("trim_blanks", f"{BLANKS}{kept}{BLANKS}") == kept
    assert evaluator.of("trim_blanks", BLANKS) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.5e3", 1500.0), ("1.7976931348623157e308", 1.7976931348623157e308), ("1e999", None)],
)
def test_a_number_too_large_for_a_float_is_none(
    evaluator: Evaluator, text: str, number: float | None
) -> None:
    for sign in ("", "-"):
        assert evaluator.of("text_to_number", f"{sign}{text}") == (number and float(f"{sign}{number}"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.5e3", "1500"),
        ("0.1234567895", "0.12345679"),
        ("-0.0000000005", "-0.000000001"),
        ("5e-30", "0"),
        ("123456789012345678", "123456789012345678"),
        ("1234567890123456789", None),
        ("1e18", None),
        ("five", None),
    ],
)
def test_amounts_are_exact(evaluator: Evaluator, text: str, number: str | None) -> None:
    assert evaluator.of("text_to_decimal", text) == (number and Decimal(number))


def test_a_text_falls_into_the_same_bucket_everywhere(evaluator: Evaluator) -> None:
    texts = ["", "holdout:spring:p1", "holdout:spring:p2", "it's ☕"]
    wanted = [int(hashlib.sha256(text.encode()).hexdigest()[:15], 16) % 10_000 for text in texts]
    assert [evaluator.of("hash_bucket", text) for text in texts] == wanted


@pytest.mark.parametrize(
    ("time", "day"),
    [
        ("2026-03-29T22:00:00Z", date(2026, 3, 30)),
        ("2026-03-29T21:59:59.999999Z", date(2026, 3, 29)),
        ("2026-10-25T22:30:00Z", date(2026, 10, 25)),
        ("2026-10-25T23:00:00Z", date(2026, 10, 26)),
    ],
)
def test_a_day_is_the_one_of_the_zone(evaluator: Evaluator, time: str, day: date) -> None:
    macros = evaluator.macros
    local = macros.render("local_day", macros.render("timestamp_literal", time), "Europe/Berlin")
    assert list(evaluator.warehouse.rows(f"select {local} as result")) == [(day,)]


@pytest.mark.parametrize(
    ("minutes", "context", "told"),
    [
        (6, "{}", {"clock_future": True}),
        (6, ' { "a": "}" }', {"clock_future": True, "a": "}"}),
        (6, '{"clock_future":false}', {"clock_future": False}),
        (5, '{"a":1}', {"a": 1}),
    ],
)
def test_an_event_of_the_future_says_so_in_its_context(
    evaluator: Evaluator, minutes: int, context: str, told: dict[str, Any]
) -> None:
    happened, received = (
        evaluator.macros.render("timestamp_literal", f"2026-03-01T10:0{minute}:00Z")
        for minute in (minutes, 0)
    )
    no_time = evaluator.macros.render("timestamp_literal", "2026-03-01T09:00:00Z")
    constants = f"{happened} as occurred_at, {received} as received_at, {no_time} as loaded_at"
    text = evaluator.macros.render("literal", context)
    value = evaluator.macros.render("context_of_future")
    [(found,)] = evaluator.warehouse.rows(
        f"select {value} as result from (select {constants}, {text} as context) as held"
    )
    assert json.loads(found) == told
