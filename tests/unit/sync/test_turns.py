"""A platform that wants a wait holds up no other: its list is put off, and taken up again at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentloom_sync.errors import PutOff, Unavailable
from segmentloom_sync.sync.circuit import Circuit
from segmentloom_sync.sync.interrupt import Interrupt
from segmentloom_sync.sync.retry import LONGEST_WAIT_IN_PLACE_SECONDS
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.turns import Turn, serve_in_turns
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.shop import Shop, TestClock, email
from tests.unit.sync.town import WAIT, Town, build_town

_NO_WAREHOUSE: Any = None

Lists = Sequence[tuple[str, str]]


@pytest.fixture
def town(shop: Shop, runner: SyncRunner, clock: TestClock) -> Callable[[Lists], Town]:
    return lambda lists: build_town(shop, runner, clock, lists)


THREE = (("meta", "One"), ("meta", "Two"), ("linkedin", "Three"))


def test_the_removals_of_the_others_come_before_the_first_wait(
    town: Callable[[Lists], Town], clock: TestClock, capsys: pytest.CaptureFixture[str]
) -> None:
    here = town(THREE)
    assert {report.status for report in here.run()} == {"ok"}
    here.shop.people["ann"].is_opted_out = True
    here.platform("meta").busy = {"One": [WAIT]}
    here.log.clear()
    capsys.readouterr()
    reports = here.run()
    assert here.log == [
        (0.0, "meta", "One", "remove"),
        (0.0, "linkedin", "Three", "remove"),
        (WAIT, "meta", "One", "remove"),
        (WAIT, "meta", "Two", "remove"),
    ]
    assert [(report.list_name, report.status, report.removes, report.accepted) for report in reports] == [
        ("One", "ok", 1, 1),
        ("Two", "ok", 1, 1),
        ("Three", "ok", 1, 1),
    ]
    assert clock.slept == WAIT
    assert capsys.readouterr().err.splitlines() == [
        "buyers to meta: meta is busy; put off for 60 s, as other destinations come first",
        "all others are served; waiting 60 s for meta, as it asked",
    ]


def test_the_report_counts_what_was_done_before_the_list_was_put_off(
    town: Callable[[Lists], Town], shop: Shop, warehouse: Warehouse
) -> None:
    here = town([("meta", "One"), ("linkedin", "Two")])
    here.run()
    shop.people["ann"].is_member = shop.people["bob"].is_member = False
    shop.add("gil", "hal", "ida")
    meta = here.platform("meta")
    meta.bad = {email("gil")}
    pushes = len(here.log)

    def busy_at_the_third() -> None:
        if len(here.log) == pushes + 2 and not meta.busy:
            meta.busy = {"One": []}
            raise Unavailable("meta is busy", retry_after=WAIT, applied_unknown=True)

    meta.before_push = busy_at_the_third
    [report, _] = here.run()
    assert (report.adds, report.removes, report.members_added, report.members_removed) == (3, 2, 3, 2)
    assert (report.accepted, report.rejected, report.unknown) == (4, 1, 0)
    assert (report.status, report.exit_code) == ("partial", 1)
    assert report.message == "1 identifiers were refused by the platform"
    rows = warehouse.rows(
        f"""
        select status, accepted, rejected, unknown
        from {warehouse.relation("runs", "sync")}
        where list_name = 'One'
        order by fencing_token
        """
    )
    assert sum(accepted for _, accepted, _, _ in rows[1:]) == 4
    assert [status for status, *_ in rows] == ["ok", "retry_later", "partial"]
    assert meta.members == shop.wanted() - meta.bad


def test_nobody_is_put_off_for_lists_of_the_same_destination(
    town: Callable[[Lists], Town], clock: TestClock
) -> None:
    here = town([("meta", "One"), ("meta", "Two")])
    here.platform("meta").busy = {"One": [WAIT]}
    assert [report.status for report in here.run()] == ["ok", "ok"]
    assert [(name, slept > 0) for slept, _, name, _ in here.log][:2] == [("One", False), ("One", True)]


def test_a_short_wait_is_waited_in_place(town: Callable[[Lists], Town]) -> None:
    here = town([("meta", "One"), ("linkedin", "Two")])
    here.platform("meta").busy = {"One": [LONGEST_WAIT_IN_PLACE_SECONDS - 1]}
    here.run()
    assert [name for _, _, name, _ in here.log] == ["One"] * 4 + ["Two"] * 3


def test_a_list_is_put_off_once_and_then_waits_in_place(
    town: Callable[[Lists], Town], clock: TestClock
) -> None:
    here = town([("meta", "One"), ("linkedin", "Two")])
    here.platform("meta").busy = {"One": [WAIT] * 3}
    here.platform("linkedin").busy = {"Two": [WAIT * 2]}
    assert [report.status for report in here.run()] == ["ok", "ok"]
    assert [name for _, _, name, _ in here.log] == [
        "One",
        "Two",
        "One",
        "One",
        "One",
        *["One"] * 2,
        *["Two"] * 3,
    ]
    assert clock.slept == pytest.approx(3 * WAIT, abs=6)


def test_who_is_found_later_counts_as_waiting(town: Callable[[Lists], Town]) -> None:
    here = town([("meta", "One"), ("linkedin", "Two")])
    [*_, other] = here.targets
    here.targets = here.targets[:1]
    here.platform("meta").busy = {"One": [WAIT]}
    asked = []

    def phase() -> list[Turn]:
        asked.append(len(here.log))
        return [here.turn(other)]

    assert [report.list_name for report in here.run(phase)] == ["One", "Two"]
    assert [(slept, name) for slept, _, name, _ in here.log][:2] == [(0.0, "One"), (0.0, "Two")]
    assert asked == [1, 1]  # whether there is somebody, and for their turn


def test_an_interrupt_leaves_a_list_that_was_put_off(
    town: Callable[[Lists], Town], runner: SyncRunner, clock: TestClock, warehouse: Warehouse
) -> None:
    here = town(THREE)
    here.platform("meta").busy = {"One": [WAIT]}
    here.platform("linkedin").before_push = lambda: setattr(runner.interrupt, "is_requested", True)
    reports = here.run()
    assert [(report.list_name, report.status) for report in reports] == [
        ("One", "retry_later"),
        ("Three", "retry_later"),
    ]
    assert isinstance(reports[0].error, PutOff)
    assert (reports[0].exit_code, clock.slept) == (3, 0.0)
    rows = warehouse.rows(f"select list_name, status from {warehouse.relation('runs', 'sync')} order by 1")
    assert rows == [("One", "retry_later"), ("Three", "retry_later")]
    runner.interrupt = Interrupt()
    here.platform("linkedin").before_push = lambda: None
    assert [report.status for report in here.run()] == ["ok"] * 3


def test_an_interrupt_ends_the_wait_for_a_list_that_was_put_off(
    town: Callable[[Lists], Town], runner: SyncRunner, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = town([("meta", "One"), ("linkedin", "Two")])
    here.platform("meta").busy = {"One": [WAIT]}
    sleep = clock.sleep

    def interrupted(seconds: float) -> None:
        sleep(seconds)
        runner.interrupt.is_requested = True

    monkeypatch.setattr(clock, "sleep", interrupted)
    assert [report.status for report in here.run()] == ["retry_later", "ok"]
    assert [name for _, _, name, _ in here.log] == ["One", *["Two"] * 3]
    assert 0 < clock.slept < WAIT


def test_the_wait_counts_only_as_far_as_it_is_waited_for(
    town: Callable[[Lists], Town], runner: SyncRunner, clock: TestClock
) -> None:
    here = town([("meta", "One"), ("linkedin", "Two")])
    here.platform("meta").busy = {"One": [WAIT]}

    def takes_long() -> None:
        clock.time += timedelta(seconds=15)

    here.platform("linkedin").before_push = takes_long
    assert [report.status for report in here.run()] == ["ok", "ok"]
    assert runner._circuits["meta"].spent == clock.slept == WAIT - 3 * 15


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(
    lists=st.lists(st.sampled_from(["meta", "linkedin", "tiktok"]), min_size=1, max_size=6),
    waits=st.lists(st.sampled_from([1.0, 30.0, 200.0]), max_size=12),
)
def test_all_lists_have_their_turns_and_none_is_put_off_twice(lists: list[str], waits: list[float]) -> None:
    """A model without a warehouse: each attempt takes the next wait, if there is one, in place or put off."""
    clock, left = TestClock(), list(waits)
    runner = SyncRunner(_NO_WAREHOUSE, clock)
    runner._circuits.update({name: Circuit() for name in lists})
    served: list[int] = []
    put_off: list[int] = []
    asked_at: dict[str, float] = {}

    def turn(number: int, destination: str) -> Turn:
        def serve(earlier: RunReport | None) -> list[RunReport]:
            assert clock.slept >= asked_at.get(destination, 0.0)
            report = RunReport("run", f"a{number}", destination, f"list {number}")
            if left:
                wait = left.pop(0)
                if runner.gives_turn():
                    put_off.append(number)
                    asked_at[destination] = clock.slept + wait
                    report.error = PutOff("busy", retry_after=wait)
                    return [report]
                clock.sleep(wait)
            served.append(number)
            return [report]

        return Turn(destination, serve)

    reports = serve_in_turns(runner, [lambda: [turn(number, name) for number, name in enumerate(lists)]])
    assert [report.audience for report in reports] == [f"a{number}" for number in range(len(lists))]
    assert sorted(served) == list(range(len(lists)))
    assert len(set(put_off)) == len(put_off)
    for destination in set(lists):
        own = [number for number in served if lists[number] == destination]
        assert own == sorted(own)
    assert clock.slept <= sum(waits)
