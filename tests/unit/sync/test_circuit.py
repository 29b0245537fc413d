"""A platform that does not answer is given up for the rest of the run, and asked once by the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentloom_sync.destinations.base import AudienceList, Member, Operation, Receipt
from segmentloom_sync.errors import Rejected, Unavailable
from segmentloom_sync.sync.circuit import FAILURES_IN_A_ROW, Circuit
from segmentloom_sync.sync.interrupt import Interrupt
from segmentloom_sync.sync.retry import BUDGET, FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, Attempts
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import Shop, TestClock

RETRIES = 3
NAMES = ("One", "Two", "Three", "Four", "Five")
LAST_WAIT = LONGEST_WAIT_SECONDS + FIRST_WAIT_SECONDS


@dataclass
class Troubled(MemoryPlatform):
    """Does not answer what is about some lists."""

    silent: set[str] = field(default_factory=set)
    pushes: list[str] = field(default_factory=list)

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        self.pushes.append(audience_list.name)
        if audience_list.name in self.silent:
            raise Unavailable("memory is busy", retry_after=self.retry_after)
        return super().push(audience_list, operation, members)


@pytest.fixture
def platform() -> Troubled:
    return Troubled()


@pytest.fixture
def targets(shop: Shop, target: SyncTarget) -> list[SyncTarget]:
    shop.add("ann")
    shop.publish()
    return [replace(target, list_name=name, max_retries=RETRIES) for name in NAMES]


def test_after_two_calls_without_an_answer_the_other_lists_wait_for_the_next_run(
    platform: Troubled, targets: list[SyncTarget], warehouse: Warehouse, clock: TestClock
) -> None:
    platform.silent = set(NAMES)
    runner = SyncRunner(warehouse, clock)
    reports = [runner.run(target) for target in targets]
    assert platform.pushes == ["One"] * (RETRIES + 1) + ["Two"] * (RETRIES + 1)
    assert [report.message for report in reports] == [
        "memory is busy",
        *["memory is busy; given up for this run"] * 4,
    ]
    assert [(report.exit_code, report.is_given_up) for report in reports] == [
        (3, False),
        *[(3, True)] * 4,
    ]
    assert reports[-1].as_json()["is_given_up"] is True
    assert clock.slept <= BUDGET.total_seconds() + LAST_WAIT


def test_the_next_run_asks_once_and_goes_on_when_there_is_an_answer(
    platform: Troubled, targets: list[SyncTarget], warehouse: Warehouse, clock: TestClock
) -> None:
    platform.silent = set(NAMES)
    runner = SyncRunner(warehouse, clock)
    for target in targets:
        runner.run(target)

    platform.pushes, clock.slept = [], 0.0
    runner = SyncRunner(warehouse, clock)
    assert {runner.run(target).status for target in targets} == {"retry_later"}
    assert (platform.pushes, clock.slept) == (["One"], 0.0)

    platform.pushes, platform.silent = [], {"Two"}
    runner = SyncRunner(warehouse, clock)
    assert [runner.run(target).status for target in targets] == ["ok", "retry_later", "ok", "ok", "ok"]
    assert platform.pushes == ["One", *["Two"] * (RETRIES + 1), "Three", "Four", "Five"]

    platform.silent = set()
    runner = SyncRunner(warehouse, clock)
    assert [runner.run(target).status for target in targets] == ["ok"] * 5


def test_one_list_that_does_not_answer_stops_no_other(
    platform: Troubled, targets: list[SyncTarget], warehouse: Warehouse, clock: TestClock
) -> None:
    platform.silent = {"One", "Three", "Five"}
    runner = SyncRunner(warehouse, clock)
    assert [runner.run(target).status for target in targets] == ["retry_later", "ok"] * 2 + ["retry_later"]


def test_a_platform_that_asks_to_be_left_alone_is(
    platform: Troubled, targets: list[SyncTarget], warehouse: Warehouse, clock: TestClock
) -> None:
    platform.silent, platform.retry_after = set(NAMES), 3600.0
    runner = SyncRunner(warehouse, clock)
    assert {runner.run(target).status for target in targets} == {"retry_later"}
    assert (platform.pushes, clock.slept) == (["One"], 0.0)


def test_a_refusal_is_an_answer() -> None:
    attempts = Attempts(TestClock(), 0, lambda: None, Interrupt(), Circuit(is_half_open=True, failures=1))

    def refuse() -> None:
        raise Rejected("not this")

    with pytest.raises(Rejected):
        attempts.call(refuse, proves=lambda result: True)
    assert (attempts.circuit.is_half_open, attempts.circuit.failures) == (False, 0)


def test_only_a_change_proves_that_changes_are_taken() -> None:
    attempts = Attempts(TestClock(), 0, lambda: None, Interrupt(), Circuit(is_half_open=True))
    attempts.call(lambda: None, proves=lambda result: result is not None)
    attempts.call(lambda: None)
    assert attempts.circuit.is_half_open


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(
    answers=st.lists(st.sampled_from(["ok", "busy", "refused"]), min_size=1, max_size=60),
    asked=st.sampled_from([None, 0.0, 30.0, 290.0]),
    retries=st.integers(0, 8),
)
def test_no_run_waits_longer_than_its_budget_or_asks_after_it_gave_up(
    answers: list[str], asked: float | None, retries: int
) -> None:
    """Whatever the platform does, on any number of lists: a model of the calls, on a clock of its own."""
    clock, circuit, left = TestClock(), Circuit(), list(answers)
    tries = 0

    def request() -> None:
        nonlocal tries
        tries += 1
        answer = left.pop(0) if left else "busy"
        if answer == "busy":
            raise Unavailable("busy", retry_after=asked)
        if answer == "refused":
            raise Rejected("no")

    in_a_row, is_over = 0, False
    for _ in range(25):
        before = tries
        attempts = Attempts(clock, retries, lambda: None, Interrupt(), circuit)
        try:
            attempts.call(request, proves=lambda result: True)
        except Unavailable:
            assert (tries == before) == is_over
            assert tries - before <= retries + 1
            in_a_row += not is_over
        except Rejected:
            in_a_row = 0
        else:
            in_a_row = 0
        assert not (is_over and tries > before)
        is_over = in_a_row >= FAILURES_IN_A_ROW
        assert (circuit.broken_by is not None) == is_over
    assert clock.slept <= BUDGET.total_seconds() + LAST_WAIT
    assert clock.slept == pytest.approx(circuit.spent)
