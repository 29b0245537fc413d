"""Parses every statement that an emulator was asked to run with sqlfluff's grammar of the dialect.

Runs in the environment `check`: python sqlfluff_parse.py DIALECT JOURNAL
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from entries import Statement, Table, entries, report
from sqlfluff.core import FluffConfig, Linter


def verdicts(dialect: str, journal: str) -> Iterator[tuple[Statement, str]]:
    """Each statement with the first thing in it that the grammar does not know, or "" where there is none."""
    settings = {"dialect": dialect, "templater": "raw", "large_file_skip_byte_limit": "0"}
    linter = Linter(config=FluffConfig(overrides=settings))
    for entry in entries(journal):
        if not isinstance(entry, Table):
            violations = linter.parse_string(entry.sql).violations
            yield entry, str(violations[0]) if violations else ""


if __name__ == "__main__":
    sys.exit(report(verdicts(*sys.argv[1:])))
