"""`identity plan`: what other limits, another block list or changed rules would do, before they are live."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.identity import identity
from segmentloom_sync.cli.parameters import Config, Json, ProfilesDir, ProjectDir, Target


@identity.command()
def plan(
    max_users_per_email: Annotated[
        int | None,
        typer.Option("--max-users-per-email", min=0, help="Try this limit of guard a.", metavar="N"),
    ] = None,
    max_users_per_device: Annotated[
        int | None,
        typer.Option("--max-users-per-device", min=0, help="Try this limit of guard b.", metavar="N"),
    ] = None,
    max_identifiers_per_profile: Annotated[
        int | None,
        typer.Option("--max-identifiers-per-profile", min=0, help="Try this limit of guard d.", metavar="N"),
    ] = None,
    block: Annotated[
        list[str] | None,
        typer.Option("--block", help="Try to block this identifier; may be repeated.", metavar="TYPE:VALUE"),
    ] = None,
    seed: Annotated[
        Path | None,
        typer.Option(
            "--seed", help="Try this file in place of the seed of blocked identifiers.", metavar="FILE"
        ),
    ] = None,
    show: Annotated[
        int,
        typer.Option("--show", min=0, help="Show identifiers of the N largest of each kind.", metavar="N"),
    ] = 0,
    json: Json = False,
    config: Config = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Show what other limits, blocks or rules would merge, split and send, before they are live.

    Without options: what the project's files as they are now would change. Nothing live is touched.

    Examples: segmentloom-sync identity plan --max-users-per-email 3,
    segmentloom-sync identity plan --block email:info@example.com --show 5
    """
    from segmentloom_sync.cli.identity_plan_report import print_plan
    from segmentloom_sync.identity.plan import LIMITS, Proposal, make_plan
    from segmentloom_sync.identity.planned_blocks import parse_block, read_seed
    from segmentloom_sync.project import Project

    given = (max_users_per_email, max_users_per_device, max_identifiers_per_profile)
    proposal = Proposal(
        limits={name: limit for name, limit in zip(LIMITS, given, strict=True) if limit is not None},
        blocks=[parse_block(text) for text in block or ()],
        seed=read_seed(seed) if seed is not None else None,
    )
    project = Project.find(project_dir, profiles_dir, target)
    made = make_plan(project, proposal, config=config, as_of=datetime.now(UTC), show=show)
    if json:
        terminal.print_json(made.document())
    else:
        print_plan(made)
