"""Named parameters: our SQL writes `:name` on every engine; here it becomes what the driver binds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from segmentloom_sync.warehouse.base import Statement

# Texts in which a colon means nothing; an unfinished one is left to the engine to complain about.
_SKIPPED = r"""
    "(?:[^"]|"")*"
  | `[^`]*`
  | --[^\n]*
  | /\*.*?\*/
"""
# `::` casts, slices (`x[1:n]`) and Snowflake's paths (`column:key`) are no parameters.
_PARAMETER = r"""(?<![\w:)\]"'`]):(?P<name>[a-z_][a-z0-9_]*)"""

_STANDARD = re.compile(rf"'(?:[^']|'')*' | {_SKIPPED} | {_PARAMETER}", re.VERBOSE | re.DOTALL)
_BACKSLASH = re.compile(
    rf"""'''(?:[^\\]|\\.)*?''' | '(?:[^'\\]|\\.|'')*' | \$\$.*?\$\$ | {_SKIPPED} | {_PARAMETER}""",
    re.VERBOSE | re.DOTALL,
)
_CHANGES_ROWS = re.compile(r"\s*(insert|update|delete|merge)\b", re.IGNORECASE)


def changes_rows(sql: str) -> bool:
    """Whether a statement is one whose changed rows the engine counts."""
    return _CHANGES_ROWS.match(sql) is not None


def without_zone(value: Any) -> Any:
    """A time in UTC without its zone, for engines whose columns have none; other values as they are."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def with_prefix(statement: Statement, prefix: str, *, backslash_escapes: bool = True) -> Statement:
    """The statement with its parameters renamed, for a place where several share one set of them."""
    text, _ = bind(
        statement.sql,
        statement.parameters,
        lambda name: f":{prefix}{name}",
        backslash_escapes=backslash_escapes,
    )
    return Statement(text, {f"{prefix}{name}": value for name, value in statement.parameters.items()})


def bind(
    sql: str,
    parameters: Mapping[str, Any],
    placeholder: Callable[[str], str],
    *,
    backslash_escapes: bool,
) -> tuple[str, list[str]]:
    """Write the driver's placeholders in place of `:name`.

    Args:
        sql: the statement; string literals, quoted names, comments and `::` casts in it are left alone.
        parameters: the values, for checking that none is missing.
        placeholder: the driver's text for a name.
        backslash_escapes: whether the engine reads a backslash in a string literal as an escape.

    Returns:
        The statement and the names in the order of their occurrence.

    Raises:
        KeyError: the statement names a parameter that was not given.
    """
    names: list[str] = []

    def replace(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0]
        if name not in parameters:
            raise KeyError(f"no value for :{name}")
        names.append(name)
        return placeholder(name)

    return (_BACKSLASH if backslash_escapes else _STANDARD).sub(replace, sql), names
