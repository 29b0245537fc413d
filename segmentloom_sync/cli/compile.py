"""`compile`: audience files to dbt models."""

from __future__ import annotations

from typing import Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Json, ProjectDir


@app.command()
def compile(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when a generated file is out of date.")
    ] = False,
    json: Json = False,
    project_dir: ProjectDir = None,
) -> None:
    """Validate audiences/*.yml and write their dbt models.

    Nothing is written while any file is wrong. Commit what is written.

    Example: segmentloom-sync compile --check
    """
    from segmentloom_sync.audiences.compile import compile_audiences
    from segmentloom_sync.cli.shown import counted
    from segmentloom_sync.project import ProjectFolder

    compiled = compile_audiences(ProjectFolder.find(project_dir), check=check)
    is_stale = check and not compiled.is_up_to_date
    if json:
        terminal.print_json(
            {
                "audiences": list(compiled.audiences),
                "written": [path.as_posix() for path in compiled.written],
                "removed": [path.as_posix() for path in compiled.removed],
                "up_to_date": compiled.is_up_to_date,
            }
        )
    elif is_stale:
        for path in (*compiled.written, *compiled.removed):
            terminal.say(f"{path.as_posix()}: out of date; run segmentloom-sync compile")
    elif check:
        terminal.say(f"{counted(len(compiled.audiences), 'audience')}, all up to date")
    else:
        terminal.say(
            f"{counted(len(compiled.audiences), 'audience')}, {counted(len(compiled.written), 'file')} "
            f"written, {len(compiled.removed):,} removed"
        )
    if is_stale:
        raise typer.Exit(1)
