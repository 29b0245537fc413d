"""`plan`: what a run would send, without sending it."""

from __future__ import annotations

import shlex
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Config, Json, ProfilesDir, ProjectDir, Target
from segmentloom_sync.errors import ConfigError

if TYPE_CHECKING:
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.base import Warehouse


@app.command()
def plan(
    audiences: Annotated[
        list[str] | None,
        typer.Argument(help="Default: all that have a sync.", metavar="[AUDIENCE]..."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save", help="Keep the exact change in a file, for `run --plan FILE`.", metavar="FILE"
        ),
    ] = None,
    json: Json = False,
    config: Config = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Show what a run would add and remove, from the audiences as last built. Nothing is sent.

    Examples: segmentloom-sync plan pricing_intent, segmentloom-sync plan --save friday.plan.json
    """
    from segmentloom_sync.cli.sync_report import print_reports
    from segmentloom_sync.destinations.clock import SystemClock
    from segmentloom_sync.project import Project
    from segmentloom_sync.settings import load_settings
    from segmentloom_sync.sync.choice import choose
    from segmentloom_sync.sync.environment import Binding, environment_of
    from segmentloom_sync.sync.plan_file import write_plan
    from segmentloom_sync.sync.plan_save import home_of, plan_to_save
    from segmentloom_sync.sync.runner import SyncRunner
    from segmentloom_sync.sync.runs import worst_exit_code
    from segmentloom_sync.sync.targets import sync_targets
    from segmentloom_sync.warehouse.encryption import check_encryption

    project = Project.find(project_dir, profiles_dir, target)
    chosen = choose(project, audiences or [], config)
    for warning in chosen.warnings:
        terminal.warn(warning)
    clock = SystemClock()
    settings = load_settings(project.directory, config)
    check_encryption(project, settings.encryption)
    targets = sync_targets(chosen.audiences, settings, clock)
    with closing(_with_tables(project, is_written=save is not None)) as warehouse:
        environment = environment_of(warehouse, project.target)
        runner = SyncRunner(
            warehouse,
            clock,
            binding=Binding(environment),
            remedy="evaluate with `dbt build` and plan again, or take `segmentloom-sync run --dry-run`",
        )
        if save is None:
            reports = [runner.plan(entry) for entry in targets]
        else:
            home = home_of(runner, environment, project.name)
            reports, saved = plan_to_save(runner, home, targets)
            if saved is not None:
                write_plan(save, saved)
    print_reports(reports, json=json, is_plan=True, held_back=chosen.held_back_for)
    if save is not None:
        applied = f"segmentloom-sync run --plan {shlex.quote(str(save))}"
        terminal.say(f"saved in {save}; to send it: {applied}" if saved else f"{save} was not written")
    codes = [*(report.exit_code for report in reports), *([ConfigError.exit_code] * bool(chosen.held_back))]
    raise typer.Exit(worst_exit_code(codes))


def _with_tables(project: Project, *, is_written: bool) -> Warehouse:
    """The warehouse, read only unless the sync's tables have to be made first or more is to be written."""
    from segmentloom_sync.sync.tables import ensure_tables, has_tables
    from segmentloom_sync.warehouse.connect import connect

    warehouse = connect(project, read_only=not is_written)
    if not has_tables(warehouse):
        warehouse.close()
        warehouse = connect(project)
        ensure_tables(warehouse)
    return warehouse
