"""Destinations are told when their list was created or found, by later runs too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from segmentloom_sync.destinations.base import AudienceList, Member, Operation, Receipt
from segmentloom_sync.sync.environment import Binding, environment_of
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import START, Shop, TestClock


@dataclass
class NotingPlatform(MemoryPlatform):
    """Keeps what it is told."""

    noted: list[datetime | None] = field(default_factory=list)

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        self.noted.append(audience_list.noted_at)
        return super().push(audience_list, operation, members)


@dataclass
class NotingAccount(NotingPlatform):
    account: str = "one"


@pytest.mark.parametrize("kind", [NotingPlatform, NotingAccount])
@pytest.mark.parametrize("is_there", [False, True])
def test_the_time_of_a_list_is_that_of_its_creation_or_finding(
    kind: type[NotingPlatform],
    is_there: bool,
    shop: Shop,
    warehouse: Warehouse,
    clock: TestClock,
    target: SyncTarget,
) -> None:
    platform = kind()
    if is_there:
        platform.create_list("Buyers", ("email",))
    for name in ("ann", "bob"):
        shop.add(name)
        shop.publish()
        by = Binding(environment_of(warehouse, name), "jo")  # which records the list again
        report = SyncRunner(warehouse, clock, binding=by).run(replace(target, destination=platform))
        assert report.status == "ok"
        clock.time += timedelta(minutes=1)
    assert platform.noted == [START, START]
