"""Parses every statement that an emulator was asked to run with sqlfluff's grammar of the dialect.

Runs in the environment `check`: python sqlfluff_parse.py DIALECT JOURNAL
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from entries import Statement, Table, entries, report
from sqlfluff.core import FluffConfig, Linter

TEXT_OR_BIND = re.compile(r"('(?:[^'\\]|\\.|'')*')|\?")
PLAIN_TEXT = re.compile(r"'[\w .:/@+-]*'")
NUMBER = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<![0-9a-z])[0-9a-f]{32,64}|__[0-9a-f]{8}(?![0-9a-z])|\d+"
)


def verdicts(dialect: str, journal: str) -> Iterator[tuple[Statement, str]]:
    """Each statement with the first thing in it that the grammar does not know, or "" where there is none.

    Statements that differ in numbers, ids and plain texts only, as in names of schemas, are parsed once.
    """
    settings = {
        "dialect": dialect,
        "templater": "raw",
        "large_file_skip_byte_limit": "0",
        "max_parse_depth": 0,  # our macros nest deeper than its bound, which is against hostile input
    }
    linter = Linter(config=FluffConfig(overrides=settings))
    shapes: set[str] = set()
    for entry in entries(journal):
        if isinstance(entry, Table):
            continue
        shape = NUMBER.sub("0", PLAIN_TEXT.sub("''", entry.sql))
        if shape in shapes:
            continue
        shapes.add(shape)
        violations = linter.parse_string(without_binds(entry.sql)).violations
        yield entry, str(violations[0]) if violations else ""


def without_binds(sql: str) -> str:
    """The statement with a value in place of each `?`, which the grammar does not have."""
    return TEXT_OR_BIND.sub(lambda found: found.group(1) or "null", sql)


if __name__ == "__main__":
    sys.setrecursionlimit(20_000)
    sys.exit(report(verdicts(*sys.argv[1:])))
