"""`identity export`: the decisions about links, to be kept outside of the warehouse."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.identity import identity
from segmentloom_sync.cli.parameters import Json, ProfilesDir, ProjectDir, Target
from segmentloom_sync.cli.shown import counted


@identity.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="Default: standard output.", metavar="[FILE]")] = None,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Write every decision about links as a line of JSON, the oldest first. It holds personal data.

    `identity unmerge --from FILE` puts them back.

    Example: segmentloom-sync identity export decisions.jsonl
    """
    from segmentloom_sync.identity.built import require_built
    from segmentloom_sync.identity.decisions import OVERRIDES, all_decisions
    from segmentloom_sync.identity.export import json_lines, write_export
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.connect import connect

    project = Project.find(project_dir, profiles_dir, target)
    with closing(connect(project, read_only=True)) as warehouse:
        require_built(warehouse, [OVERRIDES])
        decisions = all_decisions(warehouse)
    if file is not None:
        write_export(file, decisions)
        if json:
            terminal.print_json({"file": str(file), "decisions": len(decisions)})
        else:
            terminal.stdout().print(f"{counted(len(decisions), 'decision')} written to {file}", markup=False)
    elif json:
        terminal.print_json({"decisions": [decision.document() for decision in decisions]})
    else:
        typer.echo(json_lines(decisions), nl=False)
