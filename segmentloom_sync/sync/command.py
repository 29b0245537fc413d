"""The whole of `run`: choose, build, connect, send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from segmentloom_sync import terminal
from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.audiences.problems import Problem
from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.errors import ConfigError, DbtError
from segmentloom_sync.project import Project
from segmentloom_sync.settings import Settings, load_settings
from segmentloom_sync.sync.accounts import check_account
from segmentloom_sync.sync.build import build_audiences
from segmentloom_sync.sync.cadence import due_audiences, time_zone
from segmentloom_sync.sync.choice import Chosen, choose
from segmentloom_sync.sync.environment import Binding, environment_of
from segmentloom_sync.sync.evaluations import published_evaluations
from segmentloom_sync.sync.interrupt import deferred_interrupt
from segmentloom_sync.sync.opt_outs import opt_out_turns, stuck_reports, worth_telling
from segmentloom_sync.sync.replaceable import require_replaceable
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.tables import ensure_tables
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.sync.targets import sync_targets
from segmentloom_sync.sync.turns import Phase, Turn, serve_in_turns
from segmentloom_sync.sync.unfollowed import (
    UnfollowedList,
    followed_lists,
    unfollowed_lists,
    unfollowed_target,
    unfollowed_warning,
)
from segmentloom_sync.sync.unsettled import unsettled_audiences
from segmentloom_sync.warehouse.connect import connect
from segmentloom_sync.warehouse.encryption import check_encryption


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What `run` was asked to do.

    Attributes:
        names: the audiences; empty for all that have a sync.
        only_due: of these, only those whose cadence or unfinished sync asks for it.
        build: recalculate with dbt first.
        send: False to plan only.
        released_by: who lets held changes pass.
        rebound_by: who takes lists over from other environments.
        compare: ask the platforms about each list first, and send anew what they have lost.
        replaced_by: who has all that the lists hold replaced.
    """

    names: tuple[str, ...] = ()
    only_due: bool = False
    build: bool = True
    send: bool = True
    released_by: str | None = None
    rebound_by: str | None = None
    recreate: bool = False
    compare: bool = False
    replaced_by: str | None = None
    as_of: datetime | None = None


def run_command(
    project: Project, config: Path | None, options: RunOptions, clock: Clock
) -> tuple[list[RunReport], bool, Mapping[str, Sequence[str]]]:
    """Do it.

    Returns:
        One report for each list, whether somebody interrupted, and the wrong files that are held back, with
        what is wrong with each.

    Raises:
        ConfigError: an audience, an option or the configuration is wrong, or there is no warehouse though dbt
            built elsewhere; nothing was built or sent.
        DbtError: dbt failed for all, and nothing was to be sent.
        TryAgainLater: another process has the warehouse.
    """
    if options.as_of is not None and options.as_of > clock.now():
        raise ConfigError(
            f"--as-of {options.as_of.isoformat()} is in the future",
            hint="`segmentloom-sync preview` shows what an audience would be then",
        )
    chosen = choose(project, options.names, config)
    for warning in chosen.warnings:
        terminal.warn(warning)
    settings = load_settings(project.directory, config)
    check_encryption(project, settings.encryption)
    targets = sync_targets(chosen.audiences, settings, clock)
    if options.replaced_by is not None:
        for warning in require_replaceable(targets):
            terminal.warn(warning)
    if options.only_due:
        due = _due(project, chosen, clock, must_exist=not options.build)
        targets = [target for target in targets if target.audience in due]
        if not targets:
            terminal.say("nothing is due")
            if not options.send:
                return [], False, chosen.held_back_for
    names = list(dict.fromkeys(target.audience for target in targets))
    failed: dict[str, DbtError] = {}
    if options.build and names:
        try:
            for name, message in build_audiences(project, chosen, names, options.as_of).items():
                failed[name] = DbtError(message, hint="its last good members stay, save for opt-outs")
        except DbtError as error:
            if not options.send:
                raise
            failed = dict.fromkeys(names, error)  # who opted out leaves the lists all the same
    connection = connect(project, must_exist=not options.build, little_memory=True)
    with closing(connection) as warehouse, deferred_interrupt() as interrupt:
        ensure_tables(warehouse)
        runner = SyncRunner(
            warehouse,
            clock,
            interrupt,
            as_of=options.as_of,
            released_by=options.released_by,
            recreate=options.recreate,
            compare=options.compare,
            replaced_by=options.replaced_by,
            binding=Binding(environment_of(warehouse, project.target), options.rebound_by),
        )
        if not options.send:
            return _plan_all(runner, targets, failed), interrupt.is_requested, chosen.held_back_for
        taken = {(target.destination_name, target.list_name) for target in targets}
        everybody = chosen.everybody.values()
        phases: list[Phase] = [lambda: [_turn(runner, target, failed) for target in targets]]
        if targets:
            taken |= {entry.place for entry in unfollowed_lists(warehouse, followed_lists(everybody))}
            phases.append(lambda: unfollowed_turns(runner, everybody, settings, chosen.problems))
        phases.append(lambda: opt_out_turns(runner, settings, everybody, taken))
        return serve_in_turns(runner, phases), interrupt.is_requested, chosen.held_back_for


def _plan_all(
    runner: SyncRunner, targets: Sequence[SyncTarget], failed: Mapping[str, DbtError]
) -> list[RunReport]:
    reports = []
    for target in targets:
        if runner.interrupt.is_requested:
            break
        unfit = failed.get(target.audience)
        if unfit:
            report = runner.report(target)
            report.ends("failed", unfit.message, unfit.hint)
        else:
            report = runner.plan(target)
        reports.append(report)
    return reports


def _turn(runner: SyncRunner, target: SyncTarget, failed: Mapping[str, DbtError]) -> Turn:
    def serve(earlier: RunReport | None) -> list[RunReport]:
        with terminal.progress(f"{target.audience} to {target.destination_name}") as progress:
            return [runner.run(target, progress, failed.get(target.audience), earlier=earlier)]

    return Turn(target.destination_name, serve)


def unfollowed_turns(
    runner: SyncRunner,
    everybody: Iterable[Audience],
    settings: Settings,
    problems: Sequence[Problem] = (),
) -> Iterator[Turn]:
    """Remove those who must go from the lists that no audience fills any more, and warn of these lists.

    Args:
        problems: what is wrong with audience files.

    Yields:
        One for each such list; it reports where there was something to do, done or not.
    """
    for entry in unfollowed_lists(runner.warehouse, followed_lists(everybody)):
        yield Turn(entry.destination_name, partial(_remove_from, runner, settings, problems, entry))


def _remove_from(
    runner: SyncRunner,
    settings: Settings,
    problems: Sequence[Problem],
    entry: UnfollowedList,
    earlier: RunReport | None,
) -> list[RunReport]:
    if earlier is None:
        terminal.warn(unfollowed_warning(entry, problems))
    try:
        target = unfollowed_target(entry, settings, runner.clock)
        check_account(runner.warehouse, target, None)
    except ConfigError as error:
        terminal.warn(f"nobody can be removed from it: {error.message}")
        return stuck_reports(runner.warehouse, entry, error)
    return worth_telling(runner.run(target, earlier=earlier))


def _due(project: Project, chosen: Chosen, clock: Clock, *, must_exist: bool) -> set[str]:
    zone = time_zone(project.variables)
    with closing(connect(project, must_exist=must_exist)) as warehouse:
        ensure_tables(warehouse)
        return set(
            due_audiences(
                {audience.name: audience.cadence for audience in chosen.audiences},
                published_evaluations(warehouse),
                {
                    member
                    for name in unsettled_audiences(warehouse, chosen.everybody)
                    for member in (chosen.group_of(name) if name in chosen.everybody else [name])
                },
                clock.now(),
                zone,
            )
        )
