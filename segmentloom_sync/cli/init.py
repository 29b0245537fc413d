"""`segmentloom-sync init`: a new project, ready to use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Json, ProfilesDir, Target

NEXT = """  segmentloom-sync load events.jsonl    land events: JSON lines, plain or gzip
  dbt build                             from events to profiles
  segmentloom-sync preview example      how many persons, condition by condition
  segmentloom-sync simulate             the ad platforms on this machine, in another terminal
  segmentloom-sync run --dry-run        what would be sent"""


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="Folder of the project; made if missing.")] = Path(),
    inspect: Annotated[
        str | None,
        typer.Option(
            "--inspect",
            metavar="RELATION",
            help="Write nothing: look at a table or schema of the project's warehouse, and print the entry"
            " for segmentloom_sources with ten mapped rows.",
        ),
    ] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="With --inspect: do not mask the values of the rows.")
    ] = False,
    json: Json = False,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Write a project that is ready to use. A file that exists is never touched.

    Examples:

      segmentloom-sync init shop

      segmentloom-sync init --inspect raw.orders
    """
    if inspect is not None:
        from segmentloom_sync.cli.init_inspect import inspect_relation

        inspect_relation(
            inspect,
            directory if directory != Path() else None,
            profiles_dir,
            target,
            show_values=show_values,
            as_json=json,
        )
        return
    from segmentloom_sync.dbt import Dbt
    from segmentloom_sync.new_project import lay_out, package_directory

    made = lay_out(directory)
    if made.lacks_package:
        line = f'- local: "{package_directory()}"'
        terminal.warn(
            f"packages.yml does not name the segmentloom package; add `{line}`, then run `dbt deps`"
        )
    else:
        Dbt(made.directory, profiles_dir=made.directory).run("deps", label="dbt deps")
    if json:
        terminal.print_json(
            {
                "directory": str(made.directory),
                "name": made.name,
                "written": list(made.written),
                "kept": list(made.kept),
            }
        )
        return
    for name in made.written:
        terminal.say(f"wrote {name}")
    for name in made.kept:
        terminal.say(f"kept  {name}")
    typer.echo("next:")
    if made.directory != Path.cwd():
        typer.echo(f"  cd {directory}")
    typer.echo(NEXT)
