"""The n-th operation of a run fails, for every n: nobody is lost, left behind or sent against their will.

An operation is a call of the warehouse or a request to the platform; each may fail before it is done and once
it is done. See `tests.unit.sync.world` for what the run has to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import pytest
import requests

from segmentloom_sync import simulators
from segmentloom_sync.simulators.linkedin import LinkedInSimulator
from tests.killable_sync import KillableSync
from tests.unit.sync import mutants
from tests.unit.sync.nth_operation import Failure, Trial
from tests.unit.sync.world import ListName, Time, World

COMPLETE = ("google_ads", "meta", "linkedin")
"""Where every point is tried. Elsewhere it is those of requests, and some others."""
CAUGHT = r"I\d"
CAUGHT_BY_FAILURES = (
    mutants.acknowledge_before_the_call,
    mutants.acknowledge_after_the_call,
    mutants.forget_what_has_no_answer,
    mutants.trust_what_has_no_answer,
)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    platform, list_name, *replacement = request.param
    clock = Time()
    with requests.Session() as session, simulators.running([platform], clock=clock) as running:
        simulator = running[platform]
        if isinstance(simulator, LinkedInSimulator):
            simulator.appears_seconds = 0  # a wait, not a fault
        world = World(simulator, clock, tmp_path, list_name, session, *replacement)
        world.prepare()
        yield world


def on(*platforms: str, lists: Sequence[ListName] = ("Buyers", "Fresh")) -> pytest.MarkDecorator:
    worlds = [(platform, name) for platform in platforms for name in lists]
    return pytest.mark.parametrize("world", worlds, indirect=True, ids="-".join)


each_run_of_a_replacement = pytest.mark.parametrize(
    "world", [("google_ads", "Buyers", number) for number in (1, 2, 3)], indirect=True, ids=["1", "2", "3"]
)


@contextmanager
def told(world: World, what: str) -> Iterator[None]:
    """Say with what is broken when it broke."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{error} ({world.simulator.name}: {what})") from error


def fail(world: World, points: Iterable[int]) -> int:
    """Fail at one point after the other, until a run does not come so far; returns how many failed."""
    failed = 0
    for point in points:
        fuse = Failure(point)
        with told(world, f"a failure at point {point}"):
            Trial(world).of_failure(fuse)
        if fuse.count < point:
            break
        failed += 1
    return failed


def opt_out(world: World, points: Iterable[int]) -> int:
    """Somebody opts out at one point after the other; returns at how many."""
    times = 0
    for point in points:
        fuse = Failure()
        with told(world, f"an opt-out at point {point}"):
            Trial(world).of_failure(fuse, opts_out_at=point)
        if fuse.count < point:
            break
        times += 1
    return times


def kill(world: World, points: Iterable[int]) -> int:
    """Kill at one point after the other, until a run does not come so far; returns how many were killed."""
    killed = 0
    with KillableSync() as sync:
        for point in points:
            with told(world, f"killed at point {point}"):
                is_dead = Trial(world).of_death(partial(sync.run, die_at=point))
            if not is_dead:
                break
            killed += 1
    return killed


def points_of_requests(world: World) -> list[int]:
    """The points before and after each request of a run that does not fail."""
    fuse = Failure()
    Trial(world).of_failure(fuse)
    assert len(fuse.requests) > 5
    return fuse.requests


@pytest.mark.parametrize(
    ("world", "first"),
    [(("google_ads", "Buyers"), 5), (("meta", "Fresh"), 14), (("linkedin", "Buyers"), 23)],
    indirect=["world"],
)
def test_a_failure_now_and_then_does_no_harm(world: World, first: int) -> None:
    assert fail(world, count(first, 30)) > 2


@each_run_of_a_replacement
def test_a_failure_now_and_then_does_a_replacement_no_harm(world: World) -> None:
    assert fail(world, count(8, 30)) > 2


@on("meta", lists=["Buyers"])
def test_a_death_now_and_then_does_no_harm(world: World) -> None:
    assert kill(world, count(4, 8)) > 2


@on("meta", lists=["Buyers"])
def test_an_acknowledgement_before_the_call_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    last_push = points_of_requests(world)[-4:-2]
    mutants.acknowledge_before_the_call(monkeypatch)
    with pytest.raises(AssertionError, match=CAUGHT):
        fail(world, last_push)


@pytest.mark.slow
@on(*COMPLETE)
def test_a_failure_of_any_operation_does_no_harm(world: World) -> None:
    assert fail(world, count(1)) > 80


@pytest.mark.slow
@each_run_of_a_replacement
def test_a_failure_of_any_operation_does_a_replacement_no_harm(world: World) -> None:
    assert fail(world, count(1)) > 80


@pytest.mark.slow
@each_run_of_a_replacement
def test_a_death_anywhere_does_a_replacement_no_harm(world: World) -> None:
    assert kill(world, count(1)) > 25


@pytest.mark.slow
@on("tiktok", "webhook")
def test_a_failure_of_any_request_does_no_harm(world: World) -> None:
    points = sorted({*points_of_requests(world), *range(1, 80, 7)})
    assert fail(world, points) == len(points)


@pytest.mark.slow
@on(*COMPLETE)
def test_a_death_anywhere_does_no_harm(world: World) -> None:
    assert kill(world, count(1)) > 25


@pytest.mark.slow
@on("meta")
def test_an_opt_out_holds_from_any_point_on(world: World) -> None:
    assert opt_out(world, count(1)) > 80


@pytest.mark.slow
@pytest.mark.parametrize("mutate", CAUGHT_BY_FAILURES, ids=lambda mutate: mutate.__name__)
@on("meta", lists=["Buyers"])
def test_a_mutant_is_caught_by_failures(
    world: World, mutate: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch)
    with pytest.raises(AssertionError, match=CAUGHT):
        fail(world, points_of_requests(world))
