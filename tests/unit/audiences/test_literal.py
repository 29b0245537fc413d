"""Whatever text a file holds, it becomes exactly one SQL literal and reads back as itself."""

from __future__ import annotations

from typing import Any, cast, get_args

import duckdb
import pytest
from hypothesis import given
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


@given(TEXTS)
def test_a_value_cannot_leave_its_place_in_an_audience(text: str) -> None:
    literal = RENDERERS["duckdb"].render("literal", text)
    assert _statement(text).replace(f", {literal})", ", ?)") == _statement("harmless").replace(
        "'harmless'", "?"
    )


def _statement(text: str) -> str:
    match = {"event": "x", "where": [{"property": ["p"], "contains": text}]}
    return AS_OF.render("audience", {"match": match})


AS_OF = MacroRenderer(
    cast(Project, Folder()),
    cast(Warehouse, StandIn("duckdb")),
    variables={"segmentloom_as_of": "2026-07-01"},
)
