"""What a platform took and has not answered is seen, though no run has anything to do about it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.state import list_states
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import Shop, TestClock

LATER = timedelta(minutes=31)


@pytest.fixture
def filled(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> Shop:
    """A list of two, which the platform works on."""
    platform.is_asynchronous = True
    shop.add("ann", "bob")
    shop.publish()
    assert runner.run(target).waiting == 2
    return shop


def seen(warehouse: Warehouse, clock: TestClock, runner: SyncRunner, target: SyncTarget) -> tuple[int, int]:
    """What `status` and `plan` say."""
    [entry] = list_states(warehouse, clock.now())
    return entry["waiting"], runner.plan(target).waiting


def test_additions_wait_until_they_are_answered(
    filled: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    clock: TestClock,
) -> None:
    assert seen(warehouse, clock, runner, target) == (2, 2)
    planned = runner.plan(target)
    assert (planned.adds, planned.removes, planned.as_json()["waiting"]) == (0, 0, 2)
    platform.finish()
    clock.time += LATER
    filled.publish()
    assert runner.run(target).waiting == 0
    assert seen(warehouse, clock, runner, target) == (0, 0)


def test_removals_wait_too(
    filled: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    clock: TestClock,
) -> None:
    platform.finish()
    clock.time += LATER
    filled.people["ann"].is_member = False
    filled.publish()
    assert (runner.run(target).removes, runner.run(target).removes) == (1, 0)
    assert seen(warehouse, clock, runner, target) == (1, 1)


def test_a_removal_that_overtook_an_addition_waits_once(
    filled: Shop, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse, clock: TestClock
) -> None:
    filled.people["ann"].is_opted_out = True
    filled.publish()
    assert runner.run(target).removes == 1
    assert seen(warehouse, clock, runner, target) == (2, 2)


def test_what_is_sent_again_does_not_wait(
    filled: Shop, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse, clock: TestClock
) -> None:
    clock.time += timedelta(hours=25)
    filled.publish()
    assert seen(warehouse, clock, runner, target) == (0, 0)
