"""`match-rates`: what the platforms report about matching."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Config, Json, ProfilesDir, ProjectDir, Target

if TYPE_CHECKING:
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.base import Warehouse


@app.command("match-rates")
def match_rates(
    refresh: Annotated[bool, typer.Option("--refresh", help="Ask the platforms now.")] = False,
    json: Json = False,
    config: Config = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Show the newest match reports of each list, as the platforms give them.

    Example: segmentloom-sync match-rates --refresh
    """
    from segmentloom_sync.project import Project
    from segmentloom_sync.sync.match_rates import describe, latest
    from segmentloom_sync.warehouse.connect import connect

    project = Project.find(project_dir, profiles_dir, target)
    exit_code = 0
    with closing(connect(project, read_only=not refresh)) as warehouse:
        if refresh:
            exit_code = _refresh(project, warehouse, config)
        rates = latest(warehouse)
    if json:
        terminal.print_json({"match_rates": rates})
    else:
        _print([{**rate, "reported": describe(rate)} for rate in rates])
    raise typer.Exit(exit_code)


def _refresh(project: Project, warehouse: Warehouse, config: Path | None) -> int:
    """Ask for all lists; what one platform refuses is said, and the others are asked all the same."""
    from segmentloom_sync.destinations.clock import SystemClock
    from segmentloom_sync.errors import SegmentloomError
    from segmentloom_sync.settings import load_settings
    from segmentloom_sync.sync.choice import choose
    from segmentloom_sync.sync.refresh import refresh_match_rates
    from segmentloom_sync.sync.runs import described, worst_exit_code
    from segmentloom_sync.sync.tables import ensure_tables
    from segmentloom_sync.sync.targets import sync_targets

    clock = SystemClock()
    chosen = choose(project, [])
    settings = load_settings(project.directory, config)
    ensure_tables(warehouse)
    codes = []
    for entry in sync_targets(chosen.audiences, chosen.everybody.values(), settings, clock):
        try:
            refused = refresh_match_rates(warehouse, clock, entry)
        except SegmentloomError as error:
            terminal.warn(f"{entry.audience} to {entry.destination_name}: {error.message}")
            codes.append(error.exit_code)
        else:
            if refused:
                terminal.warn(
                    f"{entry.audience} to {entry.destination_name}: not applied: {described(refused)}"
                )
                codes.append(1)
    return worst_exit_code(codes)


def _print(rates: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = terminal.stdout()
    if not rates:
        console.print("no platform has reported anything yet; to ask: segmentloom-sync match-rates --refresh")
        return
    table = Table("audience", "destination", "list", "reported", "as", "at", box=None, pad_edge=False)
    for rate in rates:
        table.add_row(
            rate["audience"],
            rate["destination"],
            escape(rate["list"]),
            rate["reported"],
            rate["source"],
            f"{rate['observed_at']:%Y-%m-%d %H:%M} UTC",
        )
    console.print(table)
