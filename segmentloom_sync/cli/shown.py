"""Values of events on a terminal: whoever sent them may have put anything into them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

LONGEST = 100


def shown(value: Any) -> str:
    """A value as one safe, short piece of rich text: no markup, no control characters."""
    from rich.markup import escape

    text = printable(value)
    return escape(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")


def shown_whole(text: str) -> str:
    """Text of an audience's author as safe rich text, however long it is."""
    from rich.markup import escape

    return escape(printable(text))


def printable(value: Any) -> str:
    """A value as text without control characters."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in str(value)
    )


def shown_time(moment: datetime | None) -> str:
    """A time to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"


def counted(number: int, noun: str) -> str:
    """`1 decision`, `2,000 decisions`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def table(columns: Sequence[str], *, counts: Sequence[str] = ()) -> Table:
    """An empty table; the columns that are counts stand to the right. What is long is wrapped, not cut."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False)
    for column in columns:
        is_count = column in counts
        made.add_column(column, justify="right" if is_count else "left", no_wrap=is_count, overflow="fold")
    return made
