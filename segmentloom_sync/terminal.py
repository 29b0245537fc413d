"""How commands speak: data on stdout, everything else on stderr.

`--json` prints one object on stdout and nothing else there; progress is a bar on a terminal and plain
lines otherwise.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import Console


class Progress(Protocol):
    """Advances a piece of long work."""

    def __call__(self, advance: int, /) -> None: ...


WIDTH_WITHOUT_TERMINAL = 100_000
"""Columns of a table in a file or a pipe: whatever is there must be whole and in one line."""


class Answer:
    """How the command that runs is to answer.

    Attributes:
        is_json: whether `--json` was given.
    """

    is_json = False


def stdout() -> Console:
    """The console for results."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL
    return Console(highlight=False, soft_wrap=True, width=width)


def stderr() -> Console:
    """The console for messages, warnings and progress."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON object on stdout; dates become ISO 8601 text."""
    json.dump(document, sys.stdout, default=str, ensure_ascii=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


def say(message: str) -> None:
    """A plain line on stderr. User text is never read as markup."""
    stderr().print(message, markup=False)


def warn(message: str) -> None:
    """A warning on stderr."""
    from rich.markup import escape

    stderr().print(f"[yellow]warning[/yellow]: {escape(message)}")


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Progress]:
    """Show progress of `total` units (None: unknown) while the block runs.

    On a terminal a bar; elsewhere one line at the start and, where units were counted, one at the end.
    """
    console = stderr()
    if console.is_terminal:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )
        from rich.progress import Progress as Bar

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Bar(*columns, console=console) as bar:
            task = bar.add_task(label, total=total)
            yield lambda advance: bar.advance(task, advance)
        return

    done = 0

    def count(advance: int) -> None:
        nonlocal done
        done += advance

    console.print(f"{label} ...", markup=False)
    yield count
    if done:
        console.print(f"{label}: {done:,} done", markup=False)
