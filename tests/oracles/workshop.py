"""A workspace whose SQL can be made wrong and right again, always from the same warehouse."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tests.oracles.chronicle import Chronicle
from tests.workspace import REPOSITORY


@dataclass(frozen=True)
class SqlMutant:
    """A text of the project's code that is replaced by a wrong one; `file` is relative to the project."""

    file: str
    right: str
    wrong: str


class Workshop:
    """Starts over and over from what a chronicle has come to, each time with other code."""

    def __init__(self, chronicle: Chronicle) -> None:
        """Take a copy of the warehouse; from here on the chronicle's own workspace is the workshop's."""
        self._chronicle = chronicle
        self._path = chronicle.workspace.path
        self._start = self._path / "start.duckdb"
        shutil.copy(self._path / "warehouse.duckdb", self._start)
        macros = self._path / "macros"
        macros.unlink()
        shutil.copytree(REPOSITORY / "macros", macros)

    @contextmanager
    def made_wrong(self, mutant: SqlMutant | None) -> Iterator[Chronicle]:
        """The chronicle at its start, with the mutant's code in its project.

        Raises:
            AssertionError: the text to replace is not in the file, or there more than once.
        """
        (self._path / "warehouse.duckdb.wal").unlink(missing_ok=True)
        shutil.copy(self._start, self._path / "warehouse.duckdb")
        told = self._chronicle
        again = replace(
            told, deliveries=[*told.deliveries], overrides=[*told.overrides], steps={}, log=[*told.log]
        )
        if mutant is None:
            yield again
            return
        original = (REPOSITORY / mutant.file).read_text()
        assert original.count(mutant.right) == 1, f"{mutant.file} has not exactly one {mutant.right!r}"
        copy = self._path / mutant.file
        copy.unlink()  # a model is a link to the original
        copy.write_text(original.replace(mutant.right, mutant.wrong))
        try:
            yield again
        finally:
            copy.write_text(original)
