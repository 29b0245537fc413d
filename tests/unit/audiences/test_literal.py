"""Whatever text a file holds, it becomes exactly one SQL literal and reads back as itself."""

from __future__ import annotations

import re
from typing import Any, cast, get_args

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Engine, Warehouse
from tests.workspace import REPOSITORY

PAYLOADS = [
    "it's", "' or 1=1 --", "\\' or 1=1 --", "\\", "\\\\'", "x\\", "'; drop table profiles; --",
    "''", "\n'", "\r\n",
    "{{ 1/0 }}", "/* x */", "$$", "\u2028'", "☕\\'☕", "%", ":name", "`", '"',
]  # fmt: skip
TEXTS = st.one_of(
    st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.text(alphabet="'\\\n\r\"`-;/* x"),
    st.sampled_from(PAYLOADS),
)
KEYS = TEXTS.filter(lambda key: key.strip("*") and not {'"', "\\"} & set(key))


class StandIn:
    """A warehouse, as far as rendering literals needs one."""

    schema = "segmentloom"

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def relation(self, name: str, area: str = "") -> str:
        """The bare name."""
        return name


class Folder:
    """A project, as far as rendering needs one."""

    directory = REPOSITORY
    name = "segmentloom"
    target = "test"
    variables: dict[str, Any] = {}  # noqa: RUF012 - never changed


def macros(engine: Engine) -> MacroRenderer:
    """The package's macros for an engine that is not connected."""
    return MacroRenderer(cast(Project, Folder()), cast(Warehouse, StandIn(engine)))


RENDERERS = {engine: macros(engine) for engine in get_args(Engine)}


def read_standard(sql: str) -> str:
    """The text of a standard literal; fails unless the whole of it is exactly one."""
    assert sql[0] == "'" == sql[-1]
    text, position, inside = "", 1, sql[:-1]
    while position < len(inside):
        if inside[position] == "'":
            assert inside[position : position + 2] == "''", "the literal ends early"
            position += 1
        text += inside[position]
        position += 1
    return text


def read_backslashed(sql: str) -> str:
    """The text of a literal of BigQuery or Snowflake; fails unless the whole of it is exactly one."""
    assert sql[0] == "'" == sql[-1]
    text, position, inside = "", 1, sql[:-1]
    while position < len(inside):
        character = inside[position]
        assert character not in "'\n\r", "the literal ends early"
        if character == "\\":
            position += 1
            character = {"\\": "\\", "'": "'", "n": "\n", "r": "\r"}[inside[position]]
        text += character
        position += 1
    return text


@given(TEXTS)
def test_any_text_is_one_literal_that_reads_back_as_itself(text: str) -> None:
    assert read_standard(RENDERERS["duckdb"].render("literal", text)) == text
    assert read_backslashed(RENDERERS["bigquery"].render("literal", text)) == text
    assert read_backslashed(RENDERERS["snowflake"].render("literal", text)) == text


@settings(deadline=None)
@given(TEXTS)
def test_duckdb_reads_the_same_text(text: str) -> None:
    sql = f"select {RENDERERS['duckdb'].render('literal', text)}"
    assert len(duckdb.extract_statements(sql)) == 1
    with duckdb.connect() as connection:
        assert connection.execute(sql).fetchall() == [(text,)]


@pytest.mark.parametrize("engine", RENDERERS)
def test_numbers_and_booleans_are_bare(engine: Engine) -> None:
    assert [RENDERERS[engine].render("literal", value) for value in (5, -2.5, True, False)] == [
        "5",
        "-2.5",
        "true",
        "false",
    ]


@pytest.mark.parametrize("engine", RENDERERS)
@pytest.mark.parametrize("value", ["a\0b", ["x"], {"a": 1}])
def test_what_no_literal_can_hold_is_refused(engine: Engine, value: object) -> None:
    with pytest.raises(ConfigError):
        RENDERERS[engine].render("literal", value)


@settings(deadline=None, max_examples=60)
@given(TEXTS, KEYS)
def test_texts_cannot_leave_their_places_in_an_audience(text: str, key: str) -> None:
    stands_for = "5" if re.match(r"[-0-9{\[]", text) else "harmless"
    for engine, macros_at_a_time in AT_A_TIME.items():
        sql = macros_at_a_time.render("audience_members", definition(text, key))
        plain_key = (
            "harm$less" if re.fullmatch(r"[$A-Za-z0-9_ .:-]*[$][$A-Za-z0-9_ .:-]*", key) else "harmless"
        )
        harmless = macros_at_a_time.render("audience_members", definition(stands_for, plain_key))
        statement, literals = without_literals(sql, has_escapes=engine != "duckdb")
        assert statement == without_literals(harmless, has_escapes=engine != "duckdb")[0]
        assert ";" not in statement
        assert literals.count(text) >= PLACES
        assert any(key in literal for literal in literals)
        if engine == "duckdb":
            assert len(duckdb.extract_statements(sql)) == 1


PLACES = 8
"""Where a definition below has its text, at the least."""


def definition(text: str, key: str) -> dict[str, Any]:
    """An audience that has a text wherever one can stand, and a key wherever a path can."""
    step = {"event": text, "where": [{"property": [key], "contains": text}]}
    return {
        "match": {
            "all": [
                {"event": text, "where": [{"property": [key], "in": [text, "more"]}], "within_hours": 2},
                {"event": text, "aggregate": {"function": "sum", "property": ["a", key], "gt": 1}},
                {"event": text, "aggregate": {"function": "avg", "property": [key], "is_not": 1}},
                {"event": text, "aggregate": {"function": "max", "property": [key], "lte": NOON}},
                {"event": text, "distinct_days": {"operator": ">=", "number": 2}, "time_zone": "Asia/Tokyo"},
                {"event": text, "occurrence": "first", "within_calendar_days": 3},
                {"sequence": [step, {"event": text}], "steps_within_hours": 5},
            ]
        },
        "exclude": {"trait": [key, "b"], "starts_with": text},
        "holdout": {"group": text, "basis_points": 500},
    }


def without_literals(sql: str, *, has_escapes: bool) -> tuple[str, list[str]]:
    """A query with ? for its texts, and these. Nothing else in it may be quoted by apostrophes."""
    rest, texts, position = "", [], 0
    while position < len(sql):
        if sql[position] != "'":
            rest, position = rest + sql[position], position + 1
            continue
        end = position + 1
        while sql[end] != "'" or (not has_escapes and sql[end : end + 2] == "''"):
            end += 2 if sql[end] == ("\\" if has_escapes else "'") else 1
        literal = sql[position : end + 1]
        texts.append(read_backslashed(literal) if has_escapes else read_standard(literal))
        rest, position = rest + "?", end + 1
    return rest, texts


NOON = {"timestamp": "2026-07-01T12:00:00Z"}
AT_A_TIME: dict[Engine, MacroRenderer] = {
    engine: MacroRenderer(
        cast(Project, Folder()),
        cast(Warehouse, StandIn(engine)),
        variables={"segmentloom_as_of": "2026-07-01"},
    )
    for engine in get_args(Engine)
}
