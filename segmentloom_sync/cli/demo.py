"""`segmentloom-sync demo`: everything end to end, with a shop whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Json


@app.command()
def demo(
    directory: Annotated[
        Path, typer.Option("--dir", help="Folder of the demo's project.", metavar="DIR")
    ] = Path("demo"),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Clear the folder first, if a demo made it.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Another number gives another shop.")] = 7,
    persons: Annotated[int, typer.Option("--persons", help="How many persons the shop knows.")] = 5_000,
    events: Annotated[int, typer.Option("--events", help="About how many events they cause.")] = 200_000,
    json: Json = False,
) -> None:
    """Show everything on a shop's events: land, build, preview, and sync twice to simulated ad platforms.

    The shop is generated and knows who its customers are, so the report can say whether they were found.
    Exit code 1 when anything is not as the shop has it.

    Example: segmentloom-sync demo --fresh
    """
    from segmentloom_sync import terminal
    from segmentloom_sync.demo.report import document, lines
    from segmentloom_sync.demo.run import tell

    story = tell(directory, fresh=fresh, seed=seed, persons=persons, events=events)
    if json:
        terminal.print_json(document(story))
    else:
        for line in lines(story):
            typer.echo(line)
    if not story.is_right:
        raise typer.Exit(1)
