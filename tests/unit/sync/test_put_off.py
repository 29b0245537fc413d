"""Lists that are put off: at the simulators, compared with their platforms, and sent by a saved plan."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import requests

from segmentloom_sync import simulators
from segmentloom_sync.destinations.base import MatchRate, RequestStatus
from segmentloom_sync.destinations.list_state import ListState
from segmentloom_sync.errors import Unavailable
from segmentloom_sync.simulators import Fault
from segmentloom_sync.sync.environment import environment_of
from segmentloom_sync.sync.plan_apply import apply_plan, pair
from segmentloom_sync.sync.plan_save import home_of, plan_to_save
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.memory_platform import MemoryPlatform, StatedPlatform, buyers
from tests.unit.sync.shop import Shop, TestClock, email
from tests.unit.sync.town import NAMES, WAIT, Timed, Town, build_town
from tests.unit.sync.world import WAIT as WAIT_FOR_ANSWERS
from tests.unit.sync.world import Configured, Time


def test_at_the_simulators_the_removals_of_the_others_come_before_the_first_wait(
    warehouse: Warehouse,
) -> None:
    clock = Time()
    shop = Shop(warehouse, clock)
    shop.prepare()
    shop.add(*NAMES)
    with (
        simulators.running(["google_ads", "linkedin"], clock=clock) as running,
        requests.Session() as session,
    ):
        targets = []
        for name, simulator in running.items():
            [configured] = Configured(simulator.settings(), session).destinations([name], clock).values()
            configured.destination.hash_rule = shop.hash_rule  # type: ignore[misc]
            target = replace(buyers(MemoryPlatform()), destination=configured.destination, max_retries=5)
            targets.append(replace(target, destination_name=name, identifier_types=("email",)))
        here = Town(shop, SyncRunner(warehouse, clock), targets, [])
        for _ in range(2):
            assert {report.status for report in here.run()} == {"ok"}
            clock.sleep(WAIT_FOR_ANSWERS.total_seconds())

        shop.people["ann"].is_opted_out = True
        fault = Fault(
            kind="status", status=429, headers={"Retry-After": f"{WAIT:.0f}"}, path=":remove", count=2
        )
        running["google_ads"].faults.add(fault)
        before = clock.now()
        held: list[bool] = []
        sleep = clock.sleep

        def watched(seconds: float) -> None:
            everybody = running["linkedin"].members(running["linkedin"].list_id("Buyers"))
            held.append(email("ann") in {tuple(key) for key in everybody})
            sleep(seconds)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "sleep", watched)
            reports = here.run()
        assert held
        assert not any(held)
        assert [(report.status, report.removes, report.accepted) for report in reports] == [("ok", 1, 1)] * 2
        assert (clock.now() - before).total_seconds() >= 2 * WAIT
        assert running["google_ads"].counts["POST audienceMembers:remove 429"] == 2
        for simulator in running.values():
            held_now = {tuple(key) for key in simulator.members(simulator.list_id("Buyers"))}
            assert held_now == {tuple(entry) for entry in shop.wanted()}


@dataclass
class Counting(Timed, StatedPlatform):
    """Tells a size, too."""


def test_a_list_that_was_put_off_is_compared_once(shop: Shop, warehouse: Warehouse, clock: TestClock) -> None:
    """A second comparison would find nothing: it compares with what the first has noted."""
    shop.add(*(f"person{number}" for number in range(150)))
    size = MatchRate("bounds", "size", lower=60, upper=80)
    platform = Counting(clock=clock, batch_size=150, state=ListState("OPEN", size=size))
    targets = [
        replace(buyers(platform), destination_name="meta", max_retries=3, cadence=timedelta(days=9)),
        replace(buyers(MemoryPlatform(batch_size=150)), destination_name="linkedin"),
    ]
    here = Town(shop, SyncRunner(warehouse, clock), targets, platform.log)
    here.run()
    clock.time += timedelta(days=3)
    platform.state = ListState("EXPIRED", "lost")
    platform.busy = {"Buyers": [WAIT]}
    here.runner = SyncRunner(warehouse, clock, compare=True)
    [report, _] = here.run()
    assert report.reconciliation is not None
    assert (report.reconciliation.sent_anew, report.adds, report.accepted, report.status) == (
        150,
        150,
        150,
        "ok",
    )


def test_a_saved_plan_waits_in_place(shop: Shop, runner: SyncRunner, clock: TestClock) -> None:
    """A second attempt would be another change than the saved one."""
    here = build_town(shop, runner, clock, [("meta", "One"), ("linkedin", "Two")])
    here.shop.publish()
    home = home_of(runner, environment_of(runner.warehouse, "prod"), "shop")
    _, plan = plan_to_save(runner, home, here.targets)
    assert plan is not None
    here.platform("meta").busy = {"One": [WAIT]}
    runner.gives_turn = lambda: True
    reports = apply_plan(runner, pair(plan, here.targets))
    assert [report.status for report in reports] == ["ok", "ok"]
    assert [name for _, _, name, _ in here.log] == ["One"] * 4 + ["Two"] * 3


@dataclass
class BusyWithQuestions(Timed):
    """Answers later, and wants a wait before it says what became of one request."""

    is_asynchronous: bool = True
    asked_too_early: list[str] = field(default_factory=list)

    def request_status(self, request_id: str) -> RequestStatus:
        if request_id in self.asked_too_early:
            self.asked_too_early.remove(request_id)
            raise Unavailable("meta is busy", retry_after=WAIT)
        return super().request_status(request_id)


def test_what_was_answered_before_a_list_was_put_off_is_reported(
    shop: Shop, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add(*NAMES)
    platform = BusyWithQuestions(clock=clock)
    targets = [
        replace(buyers(platform), destination_name="meta", max_retries=3),
        replace(buyers(MemoryPlatform()), destination_name="linkedin"),
    ]
    here = Town(shop, SyncRunner(warehouse, clock), targets, platform.log)
    here.run()
    first, second, third = platform.working
    platform.requests[first] = RequestStatus("failed", 2, {"NO_CONSENT": 2})
    platform.finish(second, third)
    platform.asked_too_early = [third]
    clock.sleep(WAIT_FOR_ANSWERS.total_seconds())
    clock.slept = 0.0
    [report, other] = here.run()
    assert (other.status, clock.slept, platform.asked_too_early) == ("ok", WAIT, [])
    assert (report.refused_later, report.status, report.exit_code) == ({"NO_CONSENT": 2}, "partial", 1)
    assert not platform.working
