from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentloom_sync.warehouse.parameters import bind


def bound(sql: str, *, backslash_escapes: bool = False) -> tuple[str, list[str]]:
    return bind(sql, {"a": 1, "b_2": 2}, lambda name: f"${name}", backslash_escapes=backslash_escapes)


def test_names_become_placeholders_in_order() -> None:
    assert bound("select :a, (:b_2), x=:a") == ("select $a, ($b_2), x=$a", ["a", "b_2", "a"])


@pytest.mark.parametrize(
    "sql",
    [
        "select x::a, x :: b_2, 'it''s :a', \":a\", `:a`",
        "select props:a.b::string, props:a, f(x):a, x[0]:a",
        "select 1 -- :a\n",
        "select /* :a\n :b_2 */ 1",
        "select x[1:a], {'a':a}",
        "select ':a''",
        "select timestamp '2026-01-01 10:00:00'",
    ],
)
def test_other_colons_are_left_alone(sql: str) -> None:
    assert bound(sql) == (sql, [])


def test_a_backslash_ends_no_literal_where_it_escapes() -> None:
    assert bound(r"select 'it\'s :a', :a", backslash_escapes=True) == (r"select 'it\'s :a', $a", ["a"])
    assert bound(r"select 'ends in \', :a", backslash_escapes=False) == (r"select 'ends in \', $a", ["a"])
    assert bound("select $$ :a $$, '''it's :a''', :a", backslash_escapes=True)[1] == ["a"]


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError, match=":nobody"):
        bound("select :nobody")


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_no_literal_is_ever_changed(text: str) -> None:
    literal = "'" + text.replace("'", "''") + "'"
    sql, names = bound(f"select {literal} as text, :a as a")
    assert names == ["a"]
    assert duckdb.connect().execute(sql, {"a": 7}).fetchall() == [(text, 7)]
