"""Applies a saved plan: all of it, exactly as saved, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from segmentloom_sync import terminal
from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.errors import ConfigError, PlanMoved
from segmentloom_sync.project import Project
from segmentloom_sync.settings import load_settings
from segmentloom_sync.sync.choice import choose
from segmentloom_sync.sync.environment import Binding, environment_of
from segmentloom_sync.sync.interrupt import deferred_interrupt
from segmentloom_sync.sync.plan_file import Home, PlannedList, SavedPlan, read_plan
from segmentloom_sync.sync.plan_save import home_of
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport, worst_exit_code
from segmentloom_sync.sync.tables import ensure_tables
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.sync.targets import sync_targets
from segmentloom_sync.warehouse.connect import connect
from segmentloom_sync.warehouse.encryption import check_encryption

_REMEDY = "the plan is too old to be sent: `dbt build`, then plan again"


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """What `run --plan` was asked to do.

    Attributes:
        file: the saved plan.
        send: False to say only whether it holds.
        released_by: who lets held changes pass.
    """

    file: Path
    send: bool = True
    released_by: str | None = None


def apply_command(
    project: Project, config: Path | None, options: ApplyOptions, clock: Clock
) -> tuple[list[RunReport], bool]:
    """Read a plan, make sure that all of it holds, and send it.

    Returns:
        One report for each list, and whether somebody interrupted.

    Raises:
        ConfigError: the plan is wrong, or of another project, target or warehouse; nothing was sent.
        TryAgainLater: another process has the warehouse.
    """
    plan = read_plan(options.file)
    chosen = choose(project, list(dict.fromkeys(entry.audience for entry in plan.lists)), config)
    settings = load_settings(project.directory, config)
    check_encryption(project, settings.encryption)
    targets = sync_targets(chosen.audiences, settings, clock)
    with (
        closing(connect(project, must_exist=True, little_memory=True)) as warehouse,
        deferred_interrupt() as interrupt,
    ):
        ensure_tables(warehouse)
        environment = environment_of(warehouse, project.target)
        runner = SyncRunner(
            warehouse,
            clock,
            interrupt,
            released_by=options.released_by,
            binding=Binding(environment),
            remedy=_REMEDY,
        )
        check_home(options.file, plan.home, home_of(runner, environment, project.name))
        paired = pair(plan, targets)
        return apply_plan(runner, paired, send=options.send), interrupt.is_requested


def check_home(file: Path, made_in: Home, here: Home) -> None:
    """Refuse a plan that was made elsewhere.

    Raises:
        ConfigError: it was.
    """
    if made_in == here:
        return
    if made_in.project != here.project:
        what = f"project {made_in.project}, and this is {here.project}"
    elif (made_in.target, made_in.place) != (here.target, here.place):
        what = f"target {made_in.target} ({made_in.place}), and this is target {here.target} ({here.place})"
    else:
        what = f"another warehouse with the same names as target {here.target} ({here.place})"
    raise ConfigError(
        f"{file} is a plan of {what}", hint="apply it where it was made, or plan again: nothing was sent"
    )


def pair(plan: SavedPlan, targets: list[SyncTarget]) -> list[tuple[PlannedList, SyncTarget]]:
    """Each planned list with what the audience files say of it.

    Raises:
        ConfigError: they no longer name it.
    """
    known: Mapping[tuple[str, str, str], SyncTarget] = {
        (target.audience, target.destination_name, target.list_name): target for target in targets
    }
    for entry in plan.lists:
        if entry.key not in known:
            raise ConfigError(
                f"audience {entry.audience} no longer fills the list '{entry.list}' at {entry.destination}, "
                "which the plan is about",
                hint="plan again; nothing was sent",
            )
    return [(entry, known[entry.key]) for entry in plan.lists]


def apply_plan(
    runner: SyncRunner, paired: list[tuple[PlannedList, SyncTarget]], *, send: bool = True
) -> list[RunReport]:
    """Send a plan when all of it holds; else nothing of it.

    Returns:
        One report for each list, in the order of the plan.
    """
    checked = [runner.plan(target, entry) for entry, target in paired]
    worst = worst_exit_code(report.exit_code for report in checked)
    if worst:
        stopped_by = next(report for report in checked if report.exit_code == worst)
        moved = _moved(checked)
        for report in checked:
            if moved is not None and (report.status == "ok" or isinstance(report.error, PlanMoved)):
                report.told_by = moved
            report.withheld()
            if report.status == "ok":
                message = "not sent, as a plan is applied whole: see the other lists"
                report.ends(stopped_by.status, message, exit_code=worst)
        return checked
    if not send:
        return checked
    reports = []
    for entry, target in paired:
        if runner.interrupt.is_requested:
            break
        with terminal.progress(f"{target.audience} to {target.destination_name}") as progress:
            reports.append(runner.run(target, progress, planned=entry))
    return reports


def _moved(reports: Sequence[RunReport]) -> PlanMoved | None:
    """One error for all lists whose plan does not hold any more, if there are any."""
    lists: dict[str, list[str]] = {}
    for report in reports:
        if isinstance(report.error, PlanMoved):
            name = f"'{report.list_name}' at {report.destination}"
            lists.setdefault(report.error.reason, []).append(name)
    if not lists:
        return None
    reasons = "; ".join(f"{reason} ({', '.join(names)})" for reason, names in lists.items())
    audiences = " ".join(dict.fromkeys(report.audience for report in reports))
    return PlanMoved(
        f"the plan does not hold any more: {reasons}",
        hint=f"nothing was sent; plan again: segmentloom-sync plan {audiences} --save FILE",
    )
