"""Runs that take no list but to remove who refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.audiences.problems import Problem
from segmentloom_sync.settings import Settings
from segmentloom_sync.sync.command import unfollowed_turns
from segmentloom_sync.sync.opt_outs import Place, opt_out_turns
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.turns import serve_in_turns
from segmentloom_sync.sync.unfollowed import Destinations


def remove_opt_outs(
    runner: SyncRunner, settings: Destinations, everybody: Iterable[Audience], taken: Collection[Place]
) -> list[RunReport]:
    return serve_in_turns(runner, [lambda: opt_out_turns(runner, settings, everybody, taken)])


def remove_from_unfollowed(
    runner: SyncRunner,
    everybody: Iterable[Audience],
    settings: Settings,
    problems: Sequence[Problem] = (),
) -> list[RunReport]:
    return serve_in_turns(runner, [lambda: unfollowed_turns(runner, everybody, settings, problems)])
