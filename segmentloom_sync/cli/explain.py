"""`explain`: why somebody is, or is not, in an audience."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Config, Json, ProfilesDir, ProjectDir, Target


@app.command()
def explain(
    audience: Annotated[
        str,
        typer.Argument(help="An audience's name, a file, or - for standard input.", metavar="AUDIENCE|FILE"),
    ],
    identifier: Annotated[
        str,
        typer.Argument(
            help="As type:value (user_id, email, anonymous_id), or a profile id, of now or former.",
            metavar="IDENTIFIER",
        ),
    ],
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
    """Show why somebody is, or is not, in an audience, and what its lists get of them. Nothing is written.

    Each condition comes with the events and traits behind it. Traits and profiles are those of the last
    build, whatever --as-of says.

    Example: segmentloom-sync explain pricing_intent email:ann@example.com
    """
    from segmentloom_sync.audiences.choose import choose_audience
    from segmentloom_sync.audiences.explain_person import explain_person, find_person
    from segmentloom_sync.audiences.preview_destinations import configured_choices
    from segmentloom_sync.cli.explain_report import print_explanation
    from segmentloom_sync.cli.moments import moment
    from segmentloom_sync.identity.identifier import is_id, parse_identifier
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.connect import connect

    if not is_id(identifier):
        parse_identifier(identifier)
    now = datetime.now(UTC)
    at = moment(as_of, "--as-of") or now
    project = Project.find(project_dir, profiles_dir, target)
    choice = choose_audience(project, audience)
    for warning in choice.warnings:
        terminal.warn(warning)
    configured = configured_choices(project.directory, config)
    with closing(connect(project, read_only=True)) as warehouse:
        found = find_person(warehouse, identifier)
        if found.former_id:
            terminal.say(f"{found.former_id} is part of {found.profile_id} now")
        explanation = explain_person(project, warehouse, choice, found, at, configured, now)
    if json:
        terminal.print_json(explanation.document())
    else:
        print_explanation(explanation)
