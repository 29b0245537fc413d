"""`preview`: how many people an audience has, without building it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Config, Json, ProfilesDir, ProjectDir, Target

if TYPE_CHECKING:
    from segmentloom_sync.audiences.preview import Preview


@app.command()
def preview(
    audience: Annotated[str, typer.Argument(help="An audience's name, or a file.", metavar="AUDIENCE|FILE")],
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="The time that windows end at, UTC unless it has a zone; default: now."),
    ] = None,
    json: Json = False,
    config: Config = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Count an audience, condition by condition and for each destination. Nothing is written.

    Example: segmentloom-sync preview pricing_intent --as-of 2026-07-01
    """
    from segmentloom_sync.audiences.choose import choose_audience
    from segmentloom_sync.audiences.preview import Previewer
    from segmentloom_sync.audiences.preview_destinations import DestinationCounter, configured_choices
    from segmentloom_sync.cli.moments import moment
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.connect import connect

    at = moment(as_of, "--as-of") or datetime.now(UTC)
    project = Project.find(project_dir, profiles_dir, target)
    choice = choose_audience(project, audience)
    for warning in choice.warnings:
        terminal.warn(warning)
    configured = configured_choices(project.directory, config)
    with closing(connect(project, read_only=True)) as warehouse:
        previewer = Previewer(project, warehouse, choice.others, at)
        counter = None
        if warehouse.exists("hashed_identifiers"):
            counter = DestinationCounter(warehouse, choice.audience.name, datetime.now(UTC), configured)
        elif choice.audience.sync:
            terminal.warn("no counts by destination: hashed_identifiers is not built yet; run `dbt build`")
        result = previewer.preview(choice.audience, counter)
    if json:
        terminal.print_json(result.document())
    else:
        _print(result)


def _print(result: Preview) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = terminal.stdout()
    console.print(
        f"[bold]{result.audience}[/bold]: {result.members:,} members as of {result.as_of:%Y-%m-%d %H:%M} UTC"
    )
    conditions = Table("condition", box=None, pad_edge=False)
    conditions.add_column("alone", justify="right")
    for count in result.conditions:
        conditions.add_row(escape(count.condition), f"{count.members:,}")
    console.print(conditions)
    if result.by_destination:
        destinations = Table("destination", "identifiers", box=None, pad_edge=False)
        destinations.add_column("adds", justify="right")
        destinations.add_column("removes", justify="right")
        for row in result.by_destination:
            identifiers = ", ".join(f"{number:,} {kind}" for kind, number in row.identifiers.items())
            destinations.add_row(row.destination, identifiers, f"{row.adds:,}", f"{row.removes:,}")
        console.print()
        console.print(destinations)
