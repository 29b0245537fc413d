"""Identifiers that a plan blocks: from the command line, or from a file in the format of the seed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from segmentloom_sync.errors import ConfigError, DefinitionError
from segmentloom_sync.identity.identifier import LONGEST, TYPES

BLOCKABLE = (*TYPES, "phone")
"""What the block list knows, as the seed's properties say; blank means any of them."""
_HEADER = ("identifier_type", "identifier_value", "reason")
_NEEDED = frozenset(_HEADER[:2])
_BLANKS = " \t\n\r\f\v"
_EXAMPLE = "such as --block email:info@example.com, or --block :test for any type"

Blocked = tuple[str, str]
"""Type, blank for any, and value."""


def parse_block(text: str) -> Blocked:
    """Read `TYPE:VALUE`.

    Raises:
        ConfigError: it is not written so. The message never repeats it.
    """
    kind, colon, value = text.partition(":")
    if not colon:
        raise ConfigError("--block needs a type and a value", hint=_EXAMPLE)
    problem = _problem(kind, value)
    if problem:
        raise ConfigError(f"--block: {problem}", hint=_EXAMPLE)
    return _clean(kind), _clean(value)


def read_seed(file: Path) -> list[Blocked]:
    """Read a file that would take the place of the seed `segmentloom_blocked_identifiers`.

    Raises:
        ConfigError: it cannot be read.
        DefinitionError: rows are malformed; all of them are named by file:line, without their values.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(_rows(file, lines))
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {(error.strerror or 'unreadable').lower()}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: not valid UTF-8") from None
    return _read(file, rows)


def _rows(file: Path, lines: Iterable[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """Rows with the number of their first line; blank lines are none."""
    reader = csv.reader(lines, strict=True)
    start = 1
    try:
        for row in reader:
            if row:
                yield start, row
            start = reader.line_num + 1
    except csv.Error:
        raise ConfigError(
            f"{file}:{start}: not valid CSV, or a value that is too long",
            hint=f"a quote in a value is written twice; the longest value may have {LONGEST:,} characters",
        ) from None


def _read(file: Path, rows: list[tuple[int, Sequence[str]]]) -> list[Blocked]:
    header = [name.strip().lower() for name in rows[0][1]] if rows else []
    if not _NEEDED <= set(header) <= set(_HEADER) or len(header) != len(set(header)):
        raise DefinitionError([f"{file}:1: the first line must be {','.join(_HEADER)}"])
    blocked, problems = [], []
    for line, row in rows[1:]:
        if len(row) != len(header):
            problems.append(f"{file}:{line}: {len(row)} columns, the first line has {len(header)}")
            continue
        cells = dict(zip(header, row, strict=True))
        kind, value = cells["identifier_type"], cells["identifier_value"]
        problem = _problem(kind, value)
        if problem:
            problems.append(f"{file}:{line}: {problem}")
        blocked.append((_clean(kind), _clean(value)))
    if problems:
        raise DefinitionError(problems, hint="nothing was built")
    return blocked


def _problem(kind: str, value: str) -> str | None:
    if _clean(kind) not in {"", *BLOCKABLE}:
        return f"the type must be one of {', '.join(BLOCKABLE)}, or blank for any"
    if not _clean(value):
        return "the value is blank"
    if len(value) > LONGEST:
        return f"the value has {len(value):,} characters; the longest may have {LONGEST:,}"
    if "\0" in value or any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        return "the value is no text"
    return None


def _clean(text: str) -> str:
    return text.strip(_BLANKS).lower()
