"""`status`: how fresh sources are, when audiences are due, what lists hold, how newest runs ended."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Json, ProfilesDir, ProjectDir, Target

_COUNTS = ("accepted", "open", "waiting", "rejected")


@app.command()
def status(
    rejected: Annotated[
        bool,
        typer.Option(
            "--rejected",
            help="Count each source's refused events, and ids with different contents; reads all deliveries.",
        ),
    ] = False,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Show how fresh sources are, when audiences are due, what lists hold, and how the newest runs ended.

    Example: segmentloom-sync status
    """
    from segmentloom_sync.audiences.known_names import configured_destinations
    from segmentloom_sync.audiences.library import load_audiences
    from segmentloom_sync.macros import MacroRenderer
    from segmentloom_sync.project import Project
    from segmentloom_sync.sources.freshness import source_states
    from segmentloom_sync.sync.cadence import time_zone
    from segmentloom_sync.sync.state import audience_states, list_states
    from segmentloom_sync.sync.unfollowed import followed_lists, unfollowed_lists, unfollowed_warning
    from segmentloom_sync.warehouse.connect import connect

    project = Project.find(project_dir, profiles_dir, target)
    destinations = configured_destinations(project.directory)
    audiences, problems = load_audiences(project, destinations=destinations)
    for problem in problems:
        terminal.warn(str(problem))
    now = datetime.now(UTC)
    with closing(connect(project, read_only=True)) as warehouse:
        evaluated = audience_states(warehouse, audiences, now, time_zone(project.variables))
        lists = list_states(warehouse, now)
        followed = followed_lists(audiences.values())
        unfollowed = unfollowed_lists(warehouse, followed)
        sources = source_states(warehouse, MacroRenderer(project, warehouse) if rejected else None)
    for entry in unfollowed:
        terminal.warn(unfollowed_warning(entry, problems))
    for row in lists:
        row["is_followed"] = (row["destination"], row["list"]) in followed
    if json:
        for row in lists:
            row["replacement"] = row["replacement"].as_json() if row["replacement"] else None
        terminal.print_json(
            {"target": project.target, "sources": sources, "audiences": evaluated, "lists": lists}
        )
    else:
        terminal.say(f"target {project.target} of profile {project.profile}")
        _print_sources(sources)
        _print_audiences(evaluated, now)
        _print_lists(lists)


def _print_sources(rows: list[dict[str, Any]]) -> None:
    from segmentloom_sync.cli.shown import shown, table

    if not rows:
        return
    counts = ("rejected", "conflicts")
    printed = table(("source", "events", "loaded", "newest event", *counts), counts=("events", *counts))
    for row in rows:
        counted = ("not counted" if row[name] is None else f"{row[name]:,}" for name in counts)
        times = (_time(row["loaded_at"]), _time(row["occurred_at"]))
        printed.add_row(shown(row["source"]), f"{row['events']:,}", *times, *counted)
    terminal.stdout().print(printed)
    terminal.stdout().print()


def _print_audiences(rows: list[dict[str, Any]], now: datetime) -> None:
    from rich.table import Table

    table = Table("audience", "cadence", "evaluated", "due", box=None, pad_edge=False)
    for row in rows:
        due = row["due_at"]
        shown = "no sync" if due is None else "now" if due <= now else _time(due)
        table.add_row(row["audience"], row["cadence"], _time(row["evaluated_at"]), shown)
    terminal.stdout().print(table)
    for row in rows:
        if row["failed_tests"]:
            said = f"{row['audience']}: its newest evaluation failed tests: {row['failed_tests']}"
            terminal.stdout().print(said, markup=False, highlight=False)


def _print_lists(rows: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = terminal.stdout()
    console.print()
    if not rows:
        console.print("nothing was synced yet; start with `segmentloom-sync run`")
        return
    table = Table("audience", "destination", "list", box=None, pad_edge=False)
    for column in _COUNTS:
        table.add_column(column, justify="right")
    table.add_column("newest run")
    table.add_column("ended")
    for row in rows:
        table.add_row(
            row["audience"],
            row["destination"],
            escape(row["list"]),
            *(f"{row[column]:,}" for column in _COUNTS),
            row["status"],
            _time(row["finished_at"]),
        )
    console.print(table)
    for row in rows:
        if row["message"]:
            console.print(escape(f"{row['audience']} to {row['destination']}: {row['message']}"))
        if row["replacement"]:
            console.print(escape(f"{row['audience']} to {row['destination']}: {row['replacement']}"))


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
