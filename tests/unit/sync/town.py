"""A shop with lists at several platforms, which a run serves in turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from segmentloom_sync.destinations.base import AudienceList, Member, Operation, Receipt
from segmentloom_sync.errors import Unavailable
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.sync.turns import Phase, Turn, serve_in_turns
from tests.unit.sync.memory_platform import MemoryPlatform, buyers
from tests.unit.sync.shop import Shop, TestClock

WAIT = 60.0
NAMES = ("ann", "bob", "cat", "dan", "eve", "fay")


@dataclass
class Timed(MemoryPlatform):
    """Notes when it was asked for what, and is busy with some lists a few times."""

    clock: TestClock = field(default_factory=TestClock)
    name: str = "memory"
    busy: dict[str, list[float]] = field(default_factory=dict)
    """How long it wants to be left alone, by list, each time that it is asked."""
    log: list[tuple[float, str, str, Operation]] = field(default_factory=list)

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        self.log.append((self.clock.slept, self.name, audience_list.name, operation))
        if waits := self.busy.get(audience_list.name):
            raise Unavailable(f"{self.name} is busy", retry_after=waits.pop(0))
        return super().push(audience_list, operation, members)


@dataclass
class Town:
    """A shop with lists at several platforms."""

    shop: Shop
    runner: SyncRunner
    targets: list[SyncTarget]
    log: list[tuple[float, str, str, Operation]]

    def platform(self, name: str) -> Timed:
        found = next(entry.destination for entry in self.targets if entry.destination_name == name)
        assert isinstance(found, Timed)
        return found

    def run(self, *more: Phase) -> list[RunReport]:
        self.shop.publish()
        self.runner._circuits.clear()
        return serve_in_turns(self.runner, [lambda: [self.turn(target) for target in self.targets], *more])

    def turn(self, target: SyncTarget) -> Turn:
        def serve(earlier: RunReport | None) -> list[RunReport]:
            return [self.runner.run(target, earlier=earlier)]

        return Turn(target.destination_name, serve)


def build_town(shop: Shop, runner: SyncRunner, clock: TestClock, lists: Sequence[tuple[str, str]]) -> Town:
    """Six people.

    Args:
        lists: destination and name of each.
    """
    log: list[tuple[float, str, str, Operation]] = []
    platforms = {name: Timed(clock=clock, name=name, log=log) for name, _ in lists}
    targets = [
        replace(buyers(platforms[name]), destination_name=name, list_name=title, max_retries=3)
        for name, title in lists
    ]
    shop.add(*NAMES)
    return Town(shop, runner, targets, log)
