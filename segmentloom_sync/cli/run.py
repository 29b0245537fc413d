"""`run`: recalculate audiences and bring their lists into step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Config, Json, ProfilesDir, ProjectDir, Target
from segmentloom_sync.errors import ConfigError

if TYPE_CHECKING:
    from segmentloom_sync.sync.runs import RunReport


@app.command()
def run(
    audiences: Annotated[
        list[str] | None,
        typer.Argument(help="Default: all that have a sync.", metavar="[AUDIENCE]..."),
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="Only those whose cadence says so.")] = False,
    no_build: Annotated[
        bool,
        typer.Option(
            "--no-build", help="Send what dbt built elsewhere; refused when older than its cadence."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Build and plan, but send nothing.")] = False,
    release: Annotated[bool, typer.Option("--release", help="Let a held change of AUDIENCE pass.")] = False,
    rebind: Annotated[
        bool,
        typer.Option("--rebind", help="Take the lists of AUDIENCE over from another target or warehouse."),
    ] = False,
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who releases or rebinds; kept in the records.", metavar="NAME"),
    ] = None,
    recreate: Annotated[
        bool, typer.Option("--recreate", help="Make the lists of AUDIENCE anew where they are gone.")
    ] = False,
    reconcile: Annotated[
        bool,
        typer.Option(
            "--reconcile", help="Ask the platforms about each list first; send anew what they have lost."
        ),
    ] = False,
    plan_file: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            help="Send exactly what `plan --save FILE` saved, without dbt; refused when anything moved.",
            metavar="FILE",
        ),
    ] = None,
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
    """Recalculate audiences with dbt, then send only what changed to each destination.

    Examples: segmentloom-sync run --due, segmentloom-sync run pricing_intent --release --by Ann
    """
    from segmentloom_sync.cli.moments import moment
    from segmentloom_sync.destinations.clock import SystemClock
    from segmentloom_sync.project import Project
    from segmentloom_sync.sync.command import RunOptions, run_command
    from segmentloom_sync.sync.plan_apply import ApplyOptions, apply_command

    names = audiences or []
    flags = {"release": release, "rebind": rebind, "recreate": recreate}
    given = [name for name, wanted in flags.items() if wanted]
    if plan_file is not None:
        _check_goes_with_plan(
            {
                "AUDIENCE": bool(names),
                "--due": due,
                "--no-build": no_build,
                "--rebind": rebind,
                "--recreate": recreate,
                "--reconcile": reconcile,
                "--as-of": as_of is not None,
            }
        )
    elif given and not names:
        raise ConfigError(
            f"--{given[0]} needs the name of an audience",
            hint=f"segmentloom-sync run AUDIENCE --{given[0]}{' --by NAME' * (release or rebind)}",
        )
    if (release or rebind) != (by is not None) or (by is not None and not by.strip()):
        raise ConfigError(
            f"--{'rebind' if rebind else 'release'} and --by NAME go together",
            hint="who lets it pass is kept in the records",
        )
    if reconcile and dry_run:
        raise ConfigError(
            "--dry-run asks no platform, so it cannot go with --reconcile", hint="leave one of them out"
        )
    if no_build and as_of is not None:
        raise ConfigError(
            "--as-of recalculates, so it cannot go with --no-build", hint="leave one of them out"
        )
    project = Project.find(project_dir, profiles_dir, target)
    if plan_file is not None:
        apply_options = ApplyOptions(plan_file, send=not dry_run, released_by=by if release else None)
        reports, is_interrupted = apply_command(project, config, apply_options, SystemClock())
        _finish(reports, json=json, is_plan=dry_run, is_interrupted=is_interrupted)
    options = RunOptions(
        names=tuple(names),
        only_due=due,
        build=not no_build,
        send=not dry_run,
        released_by=by if release else None,
        rebound_by=by if rebind else None,
        recreate=recreate,
        compare=reconcile,
        as_of=moment(as_of, "--as-of"),
    )
    reports, is_interrupted = run_command(project, config, options, SystemClock())
    _finish(reports, json=json, is_plan=dry_run, is_interrupted=is_interrupted)


def _check_goes_with_plan(others: Mapping[str, bool]) -> None:
    """Refuse what a saved plan has settled already."""
    for name, is_given in others.items():
        if is_given:
            raise ConfigError(
                f"{name} cannot go with --plan, which says what is sent to which lists",
                hint=f"leave out {name}",
            )


def _finish(reports: Sequence[RunReport], *, json: bool, is_plan: bool, is_interrupted: bool) -> NoReturn:
    from segmentloom_sync.cli.sync_report import print_reports
    from segmentloom_sync.sync.runs import worst_exit_code

    print_reports(reports, json=json, is_plan=is_plan)
    if is_interrupted:
        raise typer.Exit(130)
    raise typer.Exit(worst_exit_code(report.exit_code for report in reports))
