"""What later answers mean for the ledger, where a platform counts who failed without naming anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

import pytest

from segmentloom_sync.destinations.base import (
    AudienceList,
    Identifier,
    Member,
    Operation,
    Receipt,
    RequestStatus,
)
from segmentloom_sync.sync.confirmations import UNEXPLAINED_FAILURES
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import Shop, email

NAMES = [f"p{number:02}" for number in range(16)]
Unwell = Literal["failed", "partial"]
REASON = "INVALID_FORMAT"


@dataclass
class CountingPlatform(MemoryPlatform):
    """Answers later, and then says how many members of a request it could not take, not which."""

    batch_size: int = 16
    is_asynchronous: bool = True
    invalid: set[Identifier] = field(default_factory=set)

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        before = set(self.lists[audience_list.id])
        receipt = super().push(audience_list, operation, members)
        for entry in self.invalid & self.calls[-1].identifiers:
            (self.lists[audience_list.id].add if entry in before else self.lists[audience_list.id].discard)(
                entry
            )
        return receipt

    def answer(self) -> None:
        """Say of all open requests how they ended."""
        for name in self.working:
            members = self.calls[int(name.removeprefix("request-")) - 1].members
            failed = sum(bool(self.invalid & set(member.identifiers)) for member in members)
            if failed:
                state: Unwell = "failed" if failed == len(members) else "partial"
                self.requests[name] = RequestStatus(state, failed_count=failed, reasons={REASON: failed})
            else:
                self.requests[name] = RequestStatus("succeeded")


@pytest.fixture
def platform() -> CountingPlatform:
    return CountingPlatform()


@dataclass
class Days:
    """Runs, with answers in between."""

    shop: Shop
    platform: CountingPlatform
    runner: SyncRunner
    target: SyncTarget

    def pass_until_quiet(self, limit: int = 8) -> list[list[int]]:
        """Run until nothing is sent any more; returns the sizes of each run's requests."""
        sizes: list[list[int]] = []
        for _ in range(limit):
            calls = len(self.platform.calls)
            self.shop.publish()
            self.runner.run(self.target)
            if len(self.platform.calls) == calls:
                return sizes
            sizes.append([len(call.members) for call in self.platform.calls[calls:]])
            self.platform.answer()
            self.shop.clock.time += timedelta(minutes=61)
        raise AssertionError(f"still sending after {limit} runs: {sizes}")


@pytest.fixture
def days(shop: Shop, platform: CountingPlatform, runner: SyncRunner, target: SyncTarget) -> Days:
    shop.add(*NAMES)
    return Days(shop, platform, runner, target)


def states(warehouse: Warehouse) -> dict[str, set[str]]:
    names = {email(name).value: name for name in NAMES}
    found: dict[str, set[str]] = {}
    for state, value in warehouse.rows(
        f"select state, identifier from {warehouse.relation('ledger', 'sync')}"
    ):
        found.setdefault(state, set()).add(names[value])
    return found


def test_who_fails_is_found_by_halving_and_nobody_else_is_rejected(
    days: Days, platform: CountingPlatform, warehouse: Warehouse
) -> None:
    platform.invalid = {email("p03"), email("p12")}
    assert days.pass_until_quiet() == [[16], [8, 8], [4, 4, 4, 4], [2, 2, 2, 2], [1, 1, 1, 1]]
    assert states(warehouse) == {"rejected": {"p03", "p12"}, "accepted": {*NAMES} - {"p03", "p12"}}
    assert platform.members == {email(name) for name in NAMES} - platform.invalid
    reasons = f"select distinct reason from {warehouse.relation('ledger', 'sync')} where state = 'rejected'"
    assert warehouse.rows(reasons) == [(f"{REASON}: 1",)]


def test_new_people_are_not_held_up_by_small_batches(
    days: Days, platform: CountingPlatform, shop: Shop, runner: SyncRunner, target: SyncTarget
) -> None:
    platform.invalid = {email("p03")}
    shop.publish()
    runner.run(target)
    platform.answer()
    shop.clock.time += timedelta(minutes=61)
    shop.add(*(f"new{number:02}" for number in range(20)))
    shop.publish()
    runner.run(target)
    assert [len(call.members) for call in platform.calls] == [16, 16, 4, 8, 8]


def test_a_request_of_which_all_failed_is_rejected_at_once(
    days: Days, platform: CountingPlatform, warehouse: Warehouse
) -> None:
    platform.invalid = {email(name) for name in NAMES}
    assert days.pass_until_quiet() == [[16]]
    assert states(warehouse) == {"rejected": {*NAMES}}


def test_a_request_that_failed_for_a_few_is_halved(
    days: Days,
    platform: CountingPlatform,
    shop: Shop,
    runner: SyncRunner,
    target: SyncTarget,
    warehouse: Warehouse,
) -> None:
    """Where none of it was applied, though fewer failed."""
    shop.publish()
    runner.run(target)
    platform.lists["list-1"].clear()
    platform.requests["request-1"] = RequestStatus("failed", failed_count=1, reasons={REASON: 1})
    shop.clock.time += timedelta(minutes=61)
    assert days.pass_until_quiet() == [[8, 8]]
    assert states(warehouse) == {"accepted": {*NAMES}}
    assert len(platform.members) == 16


@pytest.mark.parametrize("state", ["failed", "partial"])
def test_a_reason_that_passes_sends_all_of_it_again(
    days: Days,
    platform: CountingPlatform,
    shop: Shop,
    runner: SyncRunner,
    target: SyncTarget,
    state: Unwell,
) -> None:
    shop.publish()
    runner.run(target)
    platform.lists["list-1"].clear()
    platform.requests["request-1"] = RequestStatus(
        state,
        failed_count=16,
        reasons={"INTERNAL_ERROR": 15, REASON: 1},
        is_passing=True,
    )
    shop.clock.time += timedelta(minutes=61)
    assert days.pass_until_quiet() == [[16]]
    assert len(platform.members) == 16


def test_a_removal_that_fails_for_one_keeps_nobody_else(
    days: Days, platform: CountingPlatform, shop: Shop, runner: SyncRunner, warehouse: Warehouse
) -> None:
    days.pass_until_quiet()
    for name in NAMES[:8]:
        shop.people[name].is_opted_out = True
    platform.invalid = {email("p03")}
    with pytest.raises(AssertionError, match="still sending"):
        days.pass_until_quiet(5)
    assert [len(call.members) for call in platform.calls[1:]] == [8, 4, 4, 2, 2, 1, 1, 1]
    assert states(warehouse) == {"removing": {"p03"}, "accepted": {*NAMES[8:]}}
    platform.invalid = set()
    assert days.pass_until_quiet() == [[1]]
    assert states(warehouse) == {"accepted": {*NAMES[8:]}}


@dataclass
class SilentPlatform(CountingPlatform):
    """Says of no failure why, or how many members it concerns."""

    def answer(self) -> None:
        working = self.working
        super().answer()
        for name in working:
            state = self.requests[name].state
            if state != "succeeded":
                self.requests[name] = RequestStatus(state, is_unexplained=True)


class TestWithoutAReason:
    @pytest.fixture
    def platform(self) -> CountingPlatform:
        return SilentPlatform()

    def test_a_request_is_sent_whole_three_times_and_halved_then(
        self, days: Days, platform: CountingPlatform, warehouse: Warehouse
    ) -> None:
        platform.invalid = {email("p03")}
        sizes = days.pass_until_quiet(12)
        assert sizes == [[16]] * UNEXPLAINED_FAILURES + [[8, 8], [4, 4], [2, 2], [1, 1]]
        assert states(warehouse) == {"rejected": {"p03"}, "accepted": {*NAMES} - {"p03"}}
        reasons = f"select reason from {warehouse.relation('ledger', 'sync')} where state = 'rejected'"
        assert warehouse.rows(reasons) == [("failed 7 times without a reason",)]

    def test_what_passes_within_three_tries_rejects_nobody(
        self, days: Days, platform: CountingPlatform, warehouse: Warehouse, shop: Shop
    ) -> None:
        platform.invalid = {email("p03")}
        with pytest.raises(AssertionError, match="still sending"):
            days.pass_until_quiet(UNEXPLAINED_FAILURES)
        platform.invalid = set()
        assert days.pass_until_quiet() == [[8, 8]]
        assert states(warehouse) == {"accepted": {*NAMES}}
        shop.clock.time += timedelta(days=520)  # all are sent anew before they expire: the count begins anew
        platform.invalid = {email("p03")}
        with pytest.raises(AssertionError, match="still sending"):
            days.pass_until_quiet(UNEXPLAINED_FAILURES)
        assert [len(call.members) for call in platform.calls[-UNEXPLAINED_FAILURES:]] == [16] * 3

    def test_a_removal_is_halved_too_and_never_given_up(
        self, days: Days, platform: CountingPlatform, shop: Shop, warehouse: Warehouse
    ) -> None:
        days.pass_until_quiet()
        for name in NAMES[:4]:
            shop.people[name].is_opted_out = True
        platform.invalid = {email("p03")}
        with pytest.raises(AssertionError, match="still sending"):
            days.pass_until_quiet(7)
        assert [len(call.members) for call in platform.calls[1:]] == [4, 4, 4, 2, 2, 1, 1, 1, 1]
        assert states(warehouse) == {"removing": {"p03"}, "accepted": {*NAMES[4:]}}

    def test_a_failure_for_a_reason_ends_the_count(
        self, days: Days, platform: CountingPlatform, shop: Shop, runner: SyncRunner, target: SyncTarget
    ) -> None:
        """INTERNAL_ERROR passes, however often it comes in between."""
        statuses = [
            RequestStatus("failed", is_unexplained=True),
            RequestStatus("failed", is_unexplained=True),
            RequestStatus("failed", 16, {"INTERNAL_ERROR": 16}, is_passing=True),
            RequestStatus("failed", is_unexplained=True),
            RequestStatus("failed", is_unexplained=True),
        ]
        for status in statuses:
            shop.publish()
            runner.run(target)
            [name] = platform.working
            platform.requests[name] = status
            shop.clock.time += timedelta(minutes=61)
        assert [len(call.members) for call in platform.calls] == [16] * len(statuses)
