"""What an emulator was asked to run, written down for the dialect checkers."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Journal:
    """A file of JSON lines, in the order in which things began.

    A statement is `{"statement": number, "sql": text, "parameters": [...]}`, followed by
    `{"refused": number}` when the emulator refused it; a table's columns are
    `{"table": name, "columns": [[name, type, mode], ...]}`; a record's type is the list of its columns.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    @contextmanager
    def statement(self, sql: str, parameters: Sequence[Any]) -> Iterator[None]:
        """Record a statement, and whether it was refused, around its execution."""
        number = next(self._numbers)
        self._write({"statement": number, "sql": sql, "parameters": parameters})
        try:
            yield
        except BaseException:
            self._write({"refused": number})
            raise

    def table(self, name: str, columns: Sequence[Any]) -> None:
        """Record the columns that a table has from now on."""
        self._write({"table": name, "columns": columns})

    def _write(self, entry: object) -> None:
        with self._lock:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()
