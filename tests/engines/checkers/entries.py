"""Reads the journal of an emulator, and reports what a checker says of its statements."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

COMMENT = re.compile(r"^\s*/\*.*?\*/\s*", re.DOTALL)


class Statement(NamedTuple):
    """A statement that the emulator ran, without dbt's comment before it."""

    sql: str
    parameters: list[Any]
    origin: str


class Table(NamedTuple):
    """A table and its columns (name, type, mode) from here on; a record's type is the list of its columns."""

    name: str
    columns: list[list[Any]]


def entries(journal: str) -> Iterator[Statement | Table]:
    """What happened, in order, without repetitions and what the emulator itself refused."""
    lines = [json.loads(line) for line in Path(journal).read_text(encoding="utf-8").splitlines()]
    refused = {line["refused"] for line in lines if "refused" in line}
    seen: set[str] = set()
    for line in lines:
        if "table" in line:
            yield Table(line["table"], line["columns"])
        elif "sql" in line and line["statement"] not in refused:
            sql = COMMENT.sub("", line["sql"])
            if sql not in seen:
                seen.add(sql)
                yield Statement(sql, line["parameters"], _origin(line["sql"]))


def _origin(sql: str) -> str:
    """Which dbt node sent the statement."""
    node = re.search(r'"node_id": "([^"]+)"', sql)
    return node.group(1) if node else "not of a dbt node"


def report(verdicts: Iterable[tuple[Statement, str]]) -> int:
    """Print each objection with its statement, and the counts; 1 when there was any, or nothing to check."""
    checked = refused = 0
    for statement, objection in verdicts:
        checked += 1
        if objection:
            refused += 1
            print(f"{statement.origin}: {objection}\n{statement.sql.strip()}\n")
    print(f"{checked} statements, {refused} refused")
    return int(refused > 0 or checked == 0)
