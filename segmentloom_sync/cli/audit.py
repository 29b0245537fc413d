"""`audit`: who changed which audience and decided what about its lists, when, and what it was before."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Json, ProfilesDir, ProjectDir, Target
from segmentloom_sync.errors import ConfigError

if TYPE_CHECKING:
    from segmentloom_sync.audiences.changes import Change
    from segmentloom_sync.sync.decisions import Decision

_COLOURS = {"+": "green", "-": "red"}


@app.command()
def audit(
    audience: Annotated[
        str | None, typer.Argument(help="Only this one, which may be gone.", metavar="[AUDIENCE]")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", help="Only then or later, UTC unless it has a zone.", metavar="TIME"),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 20,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Show how the definitions of audiences changed and what was decided about their lists; the newest first.

    A change is recorded when it is published; a release, a replacement or a rebind of a list with its run.

    Example: segmentloom-sync audit pricing_intent --since 2026-11-01
    """
    from segmentloom_sync.audiences.changes import CHANGES, Change, changed_audiences, list_changes
    from segmentloom_sync.audiences.problems import suggestion
    from segmentloom_sync.cli.moments import moment
    from segmentloom_sync.identity.built import require_built
    from segmentloom_sync.project import Project
    from segmentloom_sync.sync.decisions import decided_audiences, list_decisions
    from segmentloom_sync.warehouse.connect import connect

    start = moment(since, "--since")
    project = Project.find(project_dir, profiles_dir, target)
    with closing(connect(project, read_only=True)) as warehouse:
        require_built(warehouse, [CHANGES])
        known = []
        if audience is not None:
            known = sorted({*changed_audiences(warehouse), *decided_audiences(warehouse)})
        changes = list_changes(warehouse, limit=limit, audience=audience, since=start)
        decisions = list_decisions(warehouse, limit=limit, audience=audience, since=start)
    if audience is not None and audience not in known:
        raise ConfigError(
            f"no definition of an audience '{audience}' was ever published",
            hint=suggestion(audience, known, kind="published audiences"),
        )
    found: list[Change | Decision] = [*changes, *decisions]
    told = sorted(found, key=_moment, reverse=True)[:limit]
    if json:
        terminal.print_json(
            {
                "changes": [change.document() for change in changes if change in told],
                "decisions": [decision.document() for decision in decisions if decision in told],
            }
        )
    for entry in [] if json else told:
        if isinstance(entry, Change):
            _print(entry)
        else:
            _print_decision(entry)
    if not told and not json:
        terminal.stdout().print("nothing has changed")


def _moment(entry: Change | Decision) -> datetime:
    from segmentloom_sync.audiences.changes import Change

    return entry.changed_at if isinstance(entry, Change) else entry.decided_at


def _print_decision(decision: Decision) -> None:
    from segmentloom_sync.cli.shown import shown, shown_time

    where = f"list '{shown(decision.list_name)}' at {shown(decision.destination)}"
    target = f" to target {shown(decision.target)}" if decision.target else ""
    terminal.stdout().print(
        f"{shown_time(decision.decided_at)}  [bold]{shown(decision.audience)}[/bold] "
        f"{where} {decision.decision}{target} by {shown(decision.decided_by)}\n"
    )


def _print(change: Change) -> None:
    from rich.markup import escape

    from segmentloom_sync.cli.shown import shown, shown_time

    console = terminal.stdout()
    who = shown(change.changed_by) if change.changed_by else "unknown"
    commit = f", commit {change.git_commit[:10]}" if change.git_commit else ""
    console.print(
        f"{shown_time(change.changed_at)}  [bold]{shown(change.audience)}[/bold] {change.change} by {who}"
        f"{commit}{', not committed' if change.is_uncommitted else ''}"
    )
    for line in change.difference():
        safe = escape("".join(letter for letter in line if letter.isprintable()))
        colour = _COLOURS.get(line[:1])
        console.print(f"  [{colour}]{safe}[/{colour}]" if colour else f"  {safe}")
    console.print()
