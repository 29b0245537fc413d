"""A platform to which no connection comes about is given up once, not on each list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from segmentloom_sync.destinations.base import AudienceList, Member, Operation, Receipt
from segmentloom_sync.errors import NothingListens, Unreachable
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import Shop, TestClock

RETRIES = 2


@dataclass
class CutOff(MemoryPlatform):
    """A platform behind a network that may be down."""

    is_cut_off: bool = False
    tries: int = 0
    is_here: bool = False

    def find_list(self, name: str) -> AudienceList | None:
        self._connect()
        return super().find_list(name)

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        self._connect()
        return super().push(audience_list, operation, members)

    def _connect(self) -> None:
        if self.is_cut_off:
            self.tries += 1
            if self.is_here:
                raise NothingListens("nothing listens", hint="start it")
            raise Unreachable("memory cannot be reached")


@pytest.fixture
def platform() -> CutOff:
    return CutOff()


@pytest.fixture
def targets(target: SyncTarget) -> list[SyncTarget]:
    return [replace(target, list_name=name, max_retries=RETRIES) for name in ("One", "Two", "Three")]


def test_the_lists_after_the_first_are_unavailable_at_once(
    shop: Shop, platform: CutOff, targets: list[SyncTarget], warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    assert SyncRunner(warehouse, clock).run(targets[0]).status == "ok"
    shop.add("cat")
    shop.publish()
    platform.is_cut_off = True
    runner = SyncRunner(warehouse, clock)
    first = runner.run(targets[0])
    waited = clock.slept
    others = [runner.run(target) for target in targets[1:]]
    assert platform.tries == RETRIES + 1
    assert {(entry.status, entry.exit_code, entry.message) for entry in (first, *others)} == {
        ("retry_later", 3, "memory cannot be reached; given up for this run")
    }
    assert clock.slept == waited > 0

    platform.is_cut_off = False
    assert [runner.run(target).status for target in targets] == ["retry_later"] * 3
    assert [SyncRunner(warehouse, clock).run(target).status for target in targets] == ["ok"] * 3
    assert [len(held) for held in platform.lists.values()] == [3, 3, 3]


def test_a_known_list_is_not_marked_as_being_sent_and_other_destinations_go_on(
    shop: Shop, platform: CutOff, targets: list[SyncTarget], warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    for target in targets:
        SyncRunner(warehouse, clock).run(target)
    shop.add("bob")
    shop.publish()
    platform.is_cut_off = True
    runner = SyncRunner(warehouse, clock)
    for target in targets:
        runner.run(target)
    states = warehouse.rows(
        f"select list_name, state from {warehouse.relation('ledger', 'sync')} where state <> 'accepted'"
    )
    assert sorted(states) == [("One", "sent"), ("Three", "pending"), ("Two", "pending")]
    other = replace(targets[0], destination_name="other", destination=MemoryPlatform())
    assert runner.run(other).status == "ok"


def test_a_list_without_changes_is_in_step_all_the_same(
    shop: Shop, platform: CutOff, targets: list[SyncTarget], warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    SyncRunner(warehouse, clock).run(targets[1])
    platform.is_cut_off = True
    runner = SyncRunner(warehouse, clock)
    assert [runner.run(target).status for target in targets] == ["retry_later", "ok", "retry_later"]


def test_what_does_not_run_on_this_machine_is_not_waited_for(
    shop: Shop, platform: CutOff, targets: list[SyncTarget], warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    platform.is_cut_off = platform.is_here = True
    runner = SyncRunner(warehouse, clock)
    reports = [runner.run(replace(target, max_retries=5)) for target in targets]
    assert {(report.status, report.exit_code, report.hint) for report in reports} == {
        ("retry_later", 3, "start it")
    }
    assert platform.tries == 2
    assert clock.slept < 5
