"""Prints a preview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentloom_sync import terminal
from segmentloom_sync.cli.shown import counted, printable, shown_time, shown_whole, table

if TYPE_CHECKING:
    from rich.table import Table

    from segmentloom_sync.audiences.preview_figures import Preview
    from segmentloom_sync.audiences.preview_published import Size

MOST_OVERLAPS = 5
BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN_BLOCKS = "_.-=*#"
"""For an output whose encoding lacks the blocks."""


def print_preview(result: Preview) -> None:
    """Tables on stdout, warnings and notes on stderr."""
    console = terminal.stdout()
    console.print(
        f"[bold]{result.audience}[/bold]: {counted(result.members, 'member')} as of "
        f"{result.as_of:%Y-%m-%d %H:%M} UTC"
    )
    if result.published is not None:
        published = result.published
        console.print(
            f"published: {counted(published.members, 'member')}; {published.entering:,} would enter, "
            f"{published.leaving:,} would leave"
        )
    for rows in (_conditions(result), _funnel(result), _destinations(result), _overlaps(result)):
        if rows.row_count:
            console.print()
            console.print(rows)
    if result.history:
        console.print()
        console.print(_history(result.history, plain=console.options.ascii_only))
    for counts in result.by_destination:
        for warning in counts.warnings:
            terminal.warn(warning)
    for note in result.notes:
        terminal.say(f"note: {printable(note)}")


def _conditions(result: Preview) -> Table:
    rows = table(("condition", "alone", "removes"), counts=("alone", "removes"))
    for count in result.conditions:
        removes = "" if count.removes is None else f"{count.removes:,}"
        rows.add_row(shown_whole(count.condition), f"{count.members:,}", removes)
    return rows


def _funnel(result: Preview) -> Table:
    rows = table(("one after the other", "left"), counts=("left",))
    if len(result.funnel) > 1:
        rows.add_row("all profiles", f"{result.profiles:,}")
        for step in result.funnel:
            rows.add_row(shown_whole(step.condition), f"{step.members:,}")
    return rows


def _destinations(result: Preview) -> Table:
    rows = table(("destination", "identifiers", "adds", "removes"), counts=("adds", "removes"))
    for row in result.by_destination:
        identifiers = ", ".join(f"{number:,} {kind}" for kind, number in row.identifiers.items())
        changes = ["" if number is None else f"{number:,}" for number in (row.adds, row.removes)]
        rows.add_row(row.destination, identifiers, *changes)
    return rows


def _overlaps(result: Preview) -> Table:
    rows = table(("also in", "both", "share", "its members"), counts=("both", "share", "its members"))
    for overlap in result.overlaps[:MOST_OVERLAPS]:
        rows.add_row(overlap.audience, f"{overlap.both:,}", f"{overlap.share:.0%}", f"{overlap.members:,}")
    return rows


def _history(sizes: tuple[Size, ...], *, plain: bool) -> str:
    """The sizes as a line of blocks, from the smallest to the largest."""
    blocks = PLAIN_BLOCKS if plain else BLOCKS
    numbers = [size.members for size in sizes]
    low, high = min(numbers), max(numbers)
    steps = [(number - low) * (len(blocks) - 1) // max(high - low, 1) for number in numbers]
    evaluations = counted(len(sizes), "evaluation")
    return (
        f"size {low:,} {''.join(blocks[step] for step in steps)} {high:,}, {evaluations}, "
        f"{shown_time(sizes[0].evaluated_at)} to {shown_time(sizes[-1].evaluated_at)}"
    )
