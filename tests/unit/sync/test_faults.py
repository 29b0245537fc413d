"""What a run does when the platform, the network or the process fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal, get_args

import pytest

from segmentloom_sync.destinations.base import AudienceList, Member, Operation, Receipt, RequestStatus
from segmentloom_sync.errors import DbtError, Rejected
from segmentloom_sync.sync.interrupt import Interrupt
from segmentloom_sync.sync.lease import Holder, take_lease
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.memory_platform import Fault, MemoryPlatform, Refusal
from tests.unit.sync.shop import Person, Shop, TestClock, email, phone


def states(warehouse: Warehouse) -> dict[str, int]:
    rows = warehouse.rows(f"select state, count(*) from {warehouse.relation('ledger', 'sync')} group by 1")
    return {state: count for state, count in rows}


def test_a_run_that_fails_leaves_no_scratch_table(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> None:
    shop.add("ann")
    shop.publish()
    warehouse.execute(f"alter table {warehouse.relation('batches', 'sync')} drop column members")
    assert runner.run(target).status == "failed"
    assert warehouse.rows("select table_name from duckdb_tables() where table_name ilike '%plan%'") == []


def test_only_the_asked_for_evaluation_is_sent(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    runner.as_of = clock.now() - timedelta(days=2)
    assert (runner.run(target).status, platform.calls) == ("failed", [])
    runner.as_of = clock.now()
    assert runner.run(target).evaluated_at == clock.now()
    assert platform.members == {email("ann")}


def test_members_that_are_older_than_their_cadence_are_stale(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    clock.time += timedelta(days=2)
    assert (runner.run(target).status, platform.calls) == ("failed", [])


def test_an_answer_that_is_lost_leaves_nobody_behind(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann")
    shop.publish()
    platform.faults = ["ok", "lost"]
    report = runner.run(target)
    assert (report.status, report.exit_code, report.unknown) == ("retry_later", 3, 1)
    assert platform.members == {email("ann")}

    shop.people["ann"].is_member = False
    shop.people["bob"] = Person(emails=("bob",))
    shop.publish()
    runner.run(target)
    assert platform.members == {email("bob")}


def test_a_busy_platform_is_asked_again_after_the_time_it_wishes(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    platform.faults, platform.retry_after = ["ok", "busy", "busy"], 90.0
    report = runner.run(replace(target, max_retries=3))
    assert report.status == "ok"
    assert clock.slept >= 180


@pytest.mark.parametrize(("retry_after", "retries"), [(1e9, 0), (-5.0, 3), (None, 3)])
def test_waiting_has_an_end(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    clock: TestClock,
    retry_after: float | None,
    retries: int,
) -> None:
    shop.add("ann")
    shop.publish()
    busy: list[Fault] = ["ok", "busy", "busy", "busy", "busy", "busy", "busy"]
    platform.faults, platform.retry_after = busy, retry_after
    report = runner.run(replace(target, max_retries=3))
    assert (report.status, report.exit_code) == ("retry_later", 3)
    assert len(platform.faults) == 6 - 1 - retries
    assert clock.slept < 900


def test_refused_credentials_stop_all_lists_of_the_destination(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann", "bob", "cat")
    shop.publish()
    platform.faults = ["ok", "credentials"]
    first = runner.run(target)
    second = runner.run(replace(target, list_name="Other"))
    assert (first.status, first.exit_code, second.exit_code) == ("failed", 2, 2)
    assert platform.calls == []


@pytest.mark.parametrize("refusal", get_args(Refusal))
def test_only_the_bad_identifier_is_rejected(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    refusal: Refusal,
) -> None:
    platform.batch_size = 64
    platform.refusal = refusal
    shop.people = {f"p{n}": Person(emails=(f"p{n}",)) for n in range(50)}
    shop.publish()
    platform.bad = {email("p17"), email("p40")}
    report = runner.run(target)
    assert (report.accepted, report.rejected, report.unknown) == (48, 2, 0)
    assert (report.status, report.exit_code) == ("partial", 1)
    assert platform.members == shop.wanted() - platform.bad
    platform.calls.clear()

    assert runner.run(target).status == "ok"
    assert platform.calls == [], "a rejected identifier is not sent again"
    shop.people["p17"].emails = ("fixed",)
    shop.publish()
    assert runner.run(target).adds == 1
    assert states(warehouse) == {"accepted": 49, "rejected": 1}


@pytest.mark.parametrize("refusal", get_args(Refusal))
def test_one_bad_identifier_does_not_cost_a_person_the_other(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    refusal: Refusal,
) -> None:
    platform.refusal = refusal
    shop.people = {"ann": Person(emails=("ann",), phones=("1",)), "bob": Person(emails=("bob",))}
    shop.publish()
    platform.bad = {phone("1")}
    assert runner.run(target).rejected == 1
    assert platform.members == {email("ann"), email("bob")}


def test_members_that_are_refused_whole_are_sent_again_with_each_identifier_alone(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> None:
    platform.batch_size, platform.refusal = 8, "members"
    shop.people = {name: Person(emails=(name,), phones=(name,)) for name in "abcdefg"}
    shop.people["h"] = Person(emails=("h",))
    shop.publish()
    platform.bad = {phone("b"), email("c"), email("d"), phone("d"), email("h")}
    report = runner.run(target)
    assert (report.accepted, report.rejected, report.unknown) == (10, 5, 0)
    assert platform.members == shop.wanted() - platform.bad
    assert [len(call.members) for call in platform.calls] == [8, 6]
    assert states(warehouse) == {"accepted": 10, "rejected": 5}


def test_who_opts_out_while_refused_whole_may_have_been_added_all_the_same(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    platform.refusal = "members"
    shop.people = {"ann": Person(emails=("ann",), phones=("1",))}
    shop.publish()
    platform.bad = {phone("1")}

    def opt_out() -> None:
        platform.before_push = lambda: None
        shop.request("opt_out", "email:ann@example.com")

    platform.before_push = opt_out
    report = runner.run(target)
    assert (report.unknown, len(platform.calls)) == (2, 1)
    assert platform.members == {email("ann")}
    shop.publish()
    assert runner.run(target).removes == 2
    assert platform.members == set()


def test_a_list_that_takes_nothing_ends_the_run_soon(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    platform.batch_size, platform.refusal = 256, "unnamed"
    shop.people = {f"p{n}": Person(emails=(f"p{n}",)) for n in range(200)}
    shop.publish()
    platform.bad = shop.wanted()
    report = runner.run(target)
    assert (report.status, report.exit_code) == ("failed", 1)
    assert len(platform.calls) < 30


@pytest.mark.parametrize("people", [1, 3])
def test_a_small_delta_of_which_nothing_is_taken_rejects_nobody(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    people: int,
) -> None:
    platform.batch_size, platform.refusal = 256, "unnamed"
    shop.add(*(f"p{n}" for n in range(people)))
    shop.publish()
    platform.bad = shop.wanted()
    assert runner.run(target).status == "failed"
    assert states(warehouse) == {"sent": people}
    platform.bad = set()
    assert runner.run(target).accepted == people


def test_a_batch_that_is_refused_holds_no_other_up(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A single removal that the platform refuses without a name: it may be the list, and is no verdict."""
    shop.add("ann", "bob")
    shop.publish()
    runner.run(target)
    shop.people["ann"].is_opted_out = True
    shop.add("cat")
    shop.publish()
    push = MemoryPlatform.push

    def refuse(
        self: MemoryPlatform, audience_list: AudienceList, operation: Operation, members: Sequence[Member]
    ) -> Receipt:
        if any(email("ann") in member.identifiers for member in members):
            raise Rejected("malformed")
        return push(self, audience_list, operation, members)

    with monkeypatch.context() as patched:
        patched.setattr(MemoryPlatform, "push", refuse)
        report = runner.run(target)
        assert (report.status, report.exit_code, report.message) == ("failed", 1, "malformed")
        assert "is sent again with the next run" in str(report.hint)
        assert (report.accepted, report.rejected, report.unknown) == (1, 0, 1)
        assert email("cat") in platform.members
        assert states(warehouse) == {"accepted": 2, "removing": 1}
        assert runner.run(target).status == "failed"
    assert runner.run(target).status == "ok"
    assert platform.members == {email("bob"), email("cat")}


def test_a_list_that_refuses_one_batch_after_the_other_is_left_soon(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> None:
    platform.batch_size, platform.refusal = 1, "unnamed"
    shop.add(*(f"p{n}" for n in range(10)))
    shop.publish()
    platform.bad = shop.wanted()
    report = runner.run(target)
    assert (report.status, report.unknown, len(platform.calls)) == ("failed", 10, 3)
    assert states(warehouse) == {"sent": 3, "pending": 7}


def test_a_refusal_of_the_account_is_not_the_members(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    platform.faults = ["ok", "blocked"]
    report = runner.run(target)
    assert (report.status, report.message, platform.faults) == ("failed", "the account is blocked", [])
    assert states(warehouse) == {"sent": 2}


def test_a_list_that_is_gone_is_made_again_only_when_asked(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann")
    shop.publish()
    runner.run(target)
    platform.delete_list("Buyers")
    shop.add("bob")
    shop.publish()
    report = runner.run(target)
    assert (report.status, report.exit_code) == ("failed", 1)
    assert report.hint is not None
    assert "--recreate" in report.hint
    assert platform.names == {}

    runner.recreate = True
    assert runner.run(target).status == "ok"
    assert platform.members == {email("ann"), email("bob")}


def test_a_creation_whose_answer_is_lost_makes_one_list(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann")
    shop.publish()
    platform.faults = ["lost"]
    assert runner.run(replace(target, max_retries=1)).status == "ok"
    assert len(platform.lists) == 1


def test_who_opts_out_after_the_plan_is_cut_out_of_the_batch(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> None:
    shop.add("ann", "bob", "cat", "dan")
    shop.publish()

    def opt_out() -> None:
        shop.people["dan"].is_opted_out = True
        shop.publish()

    platform.before_push = opt_out
    report = runner.run(target)
    assert platform.members == {email("ann"), email("bob"), email("cat")}
    assert all(email("dan") not in call.identifiers for call in platform.calls)
    assert (report.adds, report.accepted, report.status) == (3, 3, "ok")
    assert states(warehouse) == {"accepted": 3}


def test_who_opts_out_while_a_request_is_repeated_is_cut_out_too(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    faults: list[Fault] = ["ok", "lost", "ok"]
    platform.faults = faults

    def opt_out() -> None:
        if len(platform.faults) == 1:
            assert platform.members == {email("ann"), email("bob")}
        shop.people["bob"].is_opted_out = True
        shop.publish()

    platform.before_push = opt_out
    runner.run(replace(target, max_retries=1))
    assert [len(call.identifiers) for call in platform.calls] == [2, 1]
    platform.before_push = lambda: None
    runner.run(target)
    assert platform.members == {email("ann")}


def test_a_person_who_was_never_sent_is_not_even_removed(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> None:
    shop.add("ann", "bob", "cat")
    shop.publish()
    platform.faults = ["ok", "busy"]
    runner.run(target)
    assert states(warehouse) == {"sent": 2, "pending": 1}
    shop.people["cat"].is_opted_out = True
    shop.publish()
    runner.run(target)
    assert all(email("cat") not in call.identifiers for call in platform.calls)
    assert platform.members == {email("ann"), email("bob")}


def test_an_interrupt_finishes_the_batch_in_flight_and_records_it(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> None:
    shop.add("ann", "bob", "cat", "dan")
    shop.publish()
    interrupt = Interrupt()
    runner.interrupt = interrupt

    def press() -> None:
        interrupt.is_requested = True

    platform.before_push = press
    report = runner.run(target)
    assert (report.status, report.accepted, report.unknown) == ("retry_later", 2, 2)
    assert states(warehouse) == {"accepted": 2, "pending": 2}
    runner.interrupt = Interrupt()
    platform.before_push = lambda: None
    assert runner.run(target).accepted == 2


def test_another_run_is_kept_out_until_its_lease_has_expired(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    clock: TestClock,
) -> None:
    shop.add("ann")
    shop.publish()
    take_lease(warehouse, clock, target.key, Holder(host="elsewhere", pid=1))
    report = runner.run(target)
    assert (report.status, report.exit_code, platform.calls) == ("retry_later", 3, [])
    clock.time += timedelta(seconds=61)
    assert runner.run(target).status == "ok"


def test_a_lease_of_a_dead_process_of_this_host_is_taken_over_at_once(
    shop: Shop, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    dead = replace(Holder(), pid=2**22 + 1, name="dead")
    take_lease(warehouse, clock, target.key, dead)
    assert runner.run(target).status == "ok"


def test_a_run_that_was_overtaken_writes_nothing_more(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    clock: TestClock,
) -> None:
    shop.add("ann", "bob", "cat", "dan")
    shop.publish()
    other = SyncRunner(warehouse, clock)

    def pause_for_long() -> None:
        platform.before_push = lambda: None
        clock.time += timedelta(minutes=10)
        shop.publish()
        assert other.run(target).status == "ok"

    platform.before_push = pause_for_long
    report = runner.run(target)
    assert (report.status, report.exit_code) == ("retry_later", 3)
    assert len(platform.calls) == 3, "the other run's two batches and the one that was in flight"
    assert states(warehouse) == {"accepted": 4}
    assert platform.members == shop.wanted()


def test_an_asynchronous_removal_stays_in_the_ledger_until_it_is_confirmed(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    clock: TestClock,
) -> None:
    platform.is_asynchronous = True
    shop.add("ann", "bob", "cat")
    shop.publish()
    runner.run(target)
    platform.finish()
    clock.time += timedelta(minutes=31)
    shop.people["ann"].is_member = False
    shop.publish()
    assert runner.run(target).accepted == 1
    assert states(warehouse) == {"accepted": 2, "removing": 1}
    calls = len(platform.calls)
    assert runner.run(target).removes == 0, "what the platform works on is not sent again"
    assert len(platform.calls) == calls

    clock.time += timedelta(minutes=31)
    platform.requests[f"request-{calls}"] = RequestStatus("succeeded")
    runner.run(target)
    assert states(warehouse) == {"accepted": 2}
    assert len(platform.calls) == calls


@pytest.mark.parametrize("answer", ["failed", "partial", None])
def test_an_asynchronous_removal_that_is_not_confirmed_is_sent_again(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    clock: TestClock,
    answer: Literal["failed", "partial"] | None,
) -> None:
    platform.is_asynchronous = True
    shop.add("ann", "bob")
    shop.publish()
    runner.run(target)
    platform.finish()
    clock.time += timedelta(minutes=31)
    shop.people["ann"].is_member = False
    shop.publish()
    runner.run(target)
    if answer is None:
        clock.time += timedelta(hours=25)
    else:
        clock.time += timedelta(minutes=31)
        platform.requests["request-2"] = RequestStatus(answer, failed_count=1, reasons={"INTERNAL": 1})
    shop.publish()
    assert runner.run(target).removes == 1


@pytest.mark.parametrize(("is_passing", "adds"), [(True, 1), (False, 0)])
def test_a_failed_addition_is_reported_and_sent_again_only_if_that_helps(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    clock: TestClock,
    is_passing: bool,
    adds: int,
) -> None:
    platform.is_asynchronous = True
    shop.add("ann")
    shop.publish()
    runner.run(target)
    clock.time += timedelta(minutes=31)
    platform.requests["request-1"] = RequestStatus("failed", reasons={"WHATEVER": 1}, is_passing=is_passing)
    report = runner.run(target)
    assert (report.adds, report.status, report.exit_code) == (adds, "partial", 1)
    assert "WHATEVER: 1" in (report.message or "")
    assert states(warehouse) == ({"accepted": 1} if is_passing else {"rejected": 1})
    shop.people["ann"].is_member = False
    platform.finish()
    clock.time += timedelta(minutes=31)
    shop.publish()
    runner.released_by = "Jo"
    assert runner.run(target).removes == 1, "a part of it may have been applied"


def test_a_partly_applied_request_is_reported(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, clock: TestClock
) -> None:
    platform.is_asynchronous = True
    shop.add("ann")
    shop.publish()
    runner.run(target)
    clock.time += timedelta(minutes=31)
    platform.requests["request-1"] = RequestStatus("partial", failed_count=1, reasons={"NO_CONSENT": 1})
    assert runner.run(target).status == "partial"
    assert runner.run(target).status == "ok"


def test_an_unreachable_platform_is_asked_about_one_request_only(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, clock: TestClock
) -> None:
    platform.is_asynchronous = True
    shop.add("ann", "bob", "cat")
    shop.publish()
    runner.run(target)
    clock.time += timedelta(minutes=31)
    platform.is_unreachable = True
    runner.run(replace(target, max_retries=1))
    assert platform.questions == 2, "once, and once more"


def test_opt_outs_are_sent_though_the_membership_may_not_be(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, clock: TestClock
) -> None:
    shop.add("ann", "bob", "cat")
    shop.publish()
    runner.run(target)
    shop.people["ann"].is_opted_out = True
    shop.people["bob"].is_member = False
    shop.publish()
    report = runner.run(target, unfit=DbtError("a test failed"))
    assert (report.status, report.removes, report.accepted) == ("failed", 1, 1)
    assert platform.members == {email("bob"), email("cat")}
    shop.people["bob"].is_opted_out = True
    shop.publish()
    clock.time += timedelta(hours=25)
    assert runner.run(target).status == "failed", "stale"
    assert platform.members == {email("cat")}


def test_a_list_that_was_renamed_is_not_gone(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann")
    shop.publish()
    runner.run(target)
    platform.names = {"Renamed": platform.names["Buyers"]}
    runner.recreate = True
    assert runner.run(target).status == "ok"
    assert len(platform.lists) == 1


def test_a_removal_waits_for_an_addition_that_the_platform_works_on(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, clock: TestClock
) -> None:
    platform.is_asynchronous = platform.is_late = True
    shop.add("ann", "bob")
    shop.publish()
    runner.run(target)
    shop.people["ann"].is_member = False
    shop.publish()
    assert runner.run(target).removes == 0
    for _ in range(2):
        platform.finish()
        clock.time += timedelta(minutes=31)
        shop.publish()
        runner.run(target)
    assert platform.members == {email("bob")}


def test_a_private_removal_overtakes_an_addition_and_is_repeated_after_it(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    clock: TestClock,
) -> None:
    platform.is_asynchronous = platform.is_late = True
    shop.add("ann", "bob")
    shop.publish()
    runner.run(target)
    shop.people["ann"].is_opted_out = True
    shop.publish()
    assert runner.run(target).removes == 1
    platform.finish("request-2")
    clock.time += timedelta(minutes=31)
    shop.publish()
    assert runner.run(target).removes == 0
    assert states(warehouse) == {"accepted": 1, "removing": 1}, "the addition may still be applied"
    platform.finish("request-1")
    clock.time += timedelta(minutes=31)
    shop.publish()
    assert runner.run(target).removes == 1
    platform.finish()
    clock.time += timedelta(minutes=31)
    shop.publish()
    runner.run(target)
    assert (platform.members, states(warehouse)) == ({email("bob")}, {"accepted": 1})
