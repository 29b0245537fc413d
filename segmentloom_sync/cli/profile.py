"""`profile`: who somebody is, and why."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Json, ProfilesDir, ProjectDir, Target

if TYPE_CHECKING:
    from segmentloom_sync.identity.find_profile import Found


@app.command()
def profile(
    identifier: Annotated[
        str,
        typer.Argument(
            help="As type:value (user_id, email, anonymous_id), or a profile id, of now or former.",
            metavar="IDENTIFIER",
        ),
    ],
    path: Annotated[
        str | None,
        typer.Option("--path", help="Show only the links from IDENTIFIER to this one.", metavar="TYPE:VALUE"),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Identifiers to show at most.")] = 500,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Show a profile: its identifiers and the links between them, merges, traits, audiences, destinations.

    Each link and trait comes with the event that it is from.

    Examples: segmentloom-sync profile email:ann@example.com,
    segmentloom-sync profile user_id:42 --path anonymous_id:7f3a
    """
    from segmentloom_sync.cli import profile_report
    from segmentloom_sync.identity import explain_path, find_profile
    from segmentloom_sync.identity import profile as profiles
    from segmentloom_sync.identity.built import require_built
    from segmentloom_sync.identity.identifier import is_id, parse_identifier
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.connect import connect

    if not is_id(identifier):
        parse_identifier(identifier)
    end = parse_identifier(path) if path is not None else None
    project = Project.find(project_dir, profiles_dir, target)
    with closing(connect(project, read_only=True)) as warehouse:
        require_built(warehouse, profiles.NEEDED if end is None else explain_path.NEEDED)
        found = find_profile.find_profile(warehouse, identifier)
        _say_former(found)
        if end is not None:
            answer = explain_path.explain_path(warehouse, found, end)
        else:
            result = profiles.read_profile(warehouse, found, limit)
    if json:
        terminal.print_json(answer.document() if end is not None else result.document())
    elif end is not None:
        profile_report.print_path(answer)
    else:
        profile_report.print_profile(result)


def _say_former(found: Found) -> None:
    if found.former_id:
        terminal.say(f"{found.former_id} is part of {found.profile_id} now")
