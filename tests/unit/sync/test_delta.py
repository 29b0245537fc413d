"""What travels: only the difference between the wanted identifiers and the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import Person, Shop, TestClock, email, phone


def test_the_list_holds_the_wanted_identifiers_and_a_second_run_sends_nothing(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.people = {
        "ann": Person(emails=("ann",), phones=("1",)),
        "bob": Person(emails=("bob",)),
        "cat": Person(emails=("cat",), consent=None),
        "dan": Person(emails=("dan",), consent="denied"),
        "eve": Person(emails=("eve",), is_opted_out=True),
        "fay": Person(emails=("fay",), is_quarantined=True),
        "gus": Person(emails=("gus",), is_member=False),
    }
    shop.publish()

    report = runner.run(target)

    assert platform.members == {email("ann"), phone("1"), email("bob")}
    assert (report.adds, report.removes, report.accepted, report.status) == (3, 0, 3, "ok")
    assert (report.members_added, report.members_removed) == (2, 0)
    calls = len(platform.calls)
    again = runner.run(target)
    assert (again.adds, again.removes, again.exit_code) == (0, 0, 0)
    assert len(platform.calls) == calls


def test_only_the_change_travels_removals_first(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann", "bob", "cat")
    shop.publish()
    runner.run(target)
    platform.calls.clear()

    shop.people["bob"].is_member = False
    shop.people["ann"].emails = ("ann.new",)
    shop.add("dan")
    shop.publish()
    report = runner.run(target)

    assert platform.members == {email("ann.new"), email("cat"), email("dan")}
    assert [call.operation for call in platform.calls] == ["remove", "add"]
    assert platform.calls[0].identifiers == {email("bob"), email("ann")}
    assert platform.calls[1].identifiers == {email("ann.new"), email("dan")}
    assert (report.adds, report.removes, report.members_added, report.members_removed) == (2, 2, 2, 2)


def test_a_shared_identifier_stays_while_one_of_its_members_does(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.people = {
        "ann": Person(emails=("ann",), phones=("home",)),
        "bob": Person(emails=("bob",), phones=("home",)),
    }
    shop.publish()
    runner.run(target)
    shop.people["ann"].is_member = False
    shop.publish()
    runner.run(target)
    assert platform.members == {email("bob"), phone("home")}


def test_a_merge_that_changes_no_identifier_sends_nothing(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.people = {"ann1": Person(emails=("ann",)), "ann2": Person(phones=("1",))}
    shop.publish()
    runner.run(target)
    platform.calls.clear()
    shop.people = {"ann1": Person(emails=("ann",), phones=("1",))}
    shop.publish()
    report = runner.run(target)
    assert (report.adds, report.removes, platform.calls) == (0, 0, [])


def test_all_identifiers_of_a_person_share_a_request(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.people = {f"p{n}": Person(emails=(f"p{n}",), phones=(str(n),)) for n in range(5)}
    shop.publish()
    runner.run(target)
    assert [len(call.members) for call in platform.calls] == [2, 2, 1]
    assert all(len(member.identifiers) == 2 for call in platform.calls for member in call.members)
    assert all(member.consent == "granted" for call in platform.calls for member in call.members)


def test_an_identifier_kind_that_is_no_longer_asked_for_is_removed(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.people = {"ann": Person(emails=("ann",), phones=("1",))}
    shop.publish()
    runner.run(target)
    runner.run(replace(target, identifier_types=("email",)))
    assert platform.members == {email("ann")}


def test_members_are_added_again_before_the_platform_forgets_them(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    runner.run(target)
    clock.time += timedelta(days=509)
    shop.publish()
    assert runner.run(target).adds == 0
    clock.time += timedelta(days=2)
    shop.publish()
    assert runner.run(target).adds == 1
    assert runner.run(target).adds == 0


def test_withdrawn_consent_and_opt_out_are_removals(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann", "bob", "cat")
    shop.publish()
    runner.run(target)
    shop.people["ann"].consent = "denied"
    shop.people["bob"].is_opted_out = True
    shop.publish()
    assert runner.run(target).removes == 2
    assert platform.members == {email("cat")}


def test_a_plan_writes_and_sends_nothing(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    planned = runner.plan(target)
    assert (planned.adds, planned.removes, planned.status) == (2, 0, "ok")
    assert (platform.lists, platform.calls) == ({}, [])
    runner.run(target)
    assert runner.plan(target).adds == 0


def test_no_list_is_made_for_nobody(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.publish()
    assert runner.run(target).status == "ok"
    assert platform.lists == {}
