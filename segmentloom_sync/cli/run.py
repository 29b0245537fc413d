"""`run`: recalculate audiences and bring their lists into step."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Config, Json, ProfilesDir, ProjectDir, Target
from segmentloom_sync.errors import ConfigError, SegmentloomError


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
        typer.Option("--rebind", help="Bind the lists of AUDIENCE anew: target, account, destination."),
    ] = False,
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who releases, rebinds or replaces; kept in the records.", metavar="NAME"),
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
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Send all of AUDIENCE anew, then have whoever was not sent removed (google_ads).",
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
    metrics: Annotated[
        Path | None,
        typer.Option(
            "--metrics",
            envvar="SEGMENTLOOM_METRICS",
            help="Write metrics of all lists for Prometheus when the run has ended, e.g. segmentloom.prom.",
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
    from segmentloom_sync.cli.app import report as report_error
    from segmentloom_sync.cli.moments import moment
    from segmentloom_sync.cli.sync_report import print_reports
    from segmentloom_sync.destinations.clock import SystemClock
    from segmentloom_sync.project import Project
    from segmentloom_sync.sync import telemetry
    from segmentloom_sync.sync.command import RunOptions, run_command
    from segmentloom_sync.sync.metrics_file import require_writable, write_metrics
    from segmentloom_sync.sync.plan_apply import ApplyOptions, apply_command
    from segmentloom_sync.sync.runs import worst_exit_code

    names = audiences or []
    flags = {"release": release, "rebind": rebind, "replace": replace, "recreate": recreate}
    signed = [name for name in ("rebind", "release", "replace") if flags[name]]
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
                "--replace": replace,
                "--as-of": as_of is not None,
            }
        )
    elif given and not names:
        raise ConfigError(
            f"--{given[0]} needs the name of an audience",
            hint=f"segmentloom-sync run AUDIENCE --{given[0]}{' --by NAME' * bool(signed)}",
        )
    if bool(signed) != (by is not None) or (by is not None and not by.strip()):
        raise ConfigError(
            f"--{[*signed, 'release'][0]} and --by NAME go together",
            hint="who lets it pass is kept in the records",
        )
    for other, is_given in {"--dry-run": dry_run, "--due": due}.items():
        if replace and is_given:
            raise ConfigError(
                f"--replace sends all of AUDIENCE anew now, so it cannot go with {other}",
                hint="leave one of them out",
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
    if metrics is not None:
        require_writable(metrics)
    options = RunOptions(
        names=tuple(names),
        only_due=due,
        build=not no_build,
        send=not dry_run,
        released_by=by if release else None,
        rebound_by=by if rebind else None,
        replaced_by=by if replace else None,
        recreate=recreate,
        compare=reconcile,
        as_of=moment(as_of, "--as-of"),
    )
    clock = SystemClock()
    _tune_collection()
    held_back: Mapping[str, Sequence[str]] = {}
    with telemetry.exported(), telemetry.span("run", {"target": project.target}) as ending:
        if plan_file is not None:
            apply_options = ApplyOptions(plan_file, send=not dry_run, released_by=options.released_by)
            reports, is_interrupted = apply_command(project, config, apply_options, clock)
        else:
            reports, is_interrupted, held_back = run_command(project, config, options, clock)
        codes = [*(report.exit_code for report in reports), *([ConfigError.exit_code] * bool(held_back))]
        exit_code = 130 if is_interrupted else worst_exit_code(codes)
        ending["exit_code"] = exit_code
    print_reports(reports, json=json, is_plan=dry_run, held_back=held_back)
    if metrics is not None:
        try:
            write_metrics(project, metrics, clock)
        except SegmentloomError as error:  # what the run says must not be lost for it
            report_error(error)
            exit_code = exit_code if is_interrupted else worst_exit_code((exit_code, error.exit_code))
    raise typer.Exit(exit_code)


def _tune_collection() -> None:
    """Let garbage be looked for seldom, and not among what is loaded.

    Batches are ten thousand members each, which the collector would walk again and again, for a quarter of
    the time that sending takes; they hold no cycles, and are freed without it.
    """
    gc.freeze()
    gc.set_threshold(100_000)


def _check_goes_with_plan(others: Mapping[str, bool]) -> None:
    """Refuse what a saved plan has settled already."""
    for name, is_given in others.items():
        if is_given:
            raise ConfigError(
                f"{name} cannot go with --plan, which says what is sent to which lists",
                hint=f"leave out {name}",
            )
