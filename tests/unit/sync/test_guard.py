"""Guards hold an accident back, and never a person's wish to be gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from segmentloom_sync.sync.guard import held_reason
from segmentloom_sync.sync.plan import PlanCounts
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.faults import Killed
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import Person, Shop, TestClock, email


def counts(*, held: int, removes: int, wanted: int | None = None) -> PlanCounts:
    return PlanCounts(
        adds=0,
        removes=removes,
        members_added=0,
        members_removed=removes,
        private_removes=0,
        new_removes=removes,
        forgets=0,
        wanted=held - removes if wanted is None else wanted,
        held=held,
    )


@pytest.mark.parametrize(
    ("change", "is_held"),
    [
        (counts(held=1000, removes=300), False),
        (counts(held=1000, removes=301), True),
        (counts(held=200, removes=100), False),
        (counts(held=200, removes=101), True),
        (counts(held=3, removes=3), True),
        (counts(held=3, removes=3, wanted=1), False),
        (counts(held=0, removes=0, wanted=0), False),
    ],
)
def test_large_or_emptying_removals_are_held(change: PlanCounts, is_held: bool) -> None:
    assert (held_reason(change, 30) is not None) == is_held


def test_an_emptied_audience_is_held_until_a_person_releases_it(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    runner.run(target)
    for person in shop.people.values():
        person.is_member = False
    shop.publish()

    report = runner.run(target)
    assert (report.status, report.exit_code, report.removes) == ("held", 4, 2)
    assert (report.accepted, report.unknown, report.held_back) == (0, 0, 2)
    assert report.message == "the audience is empty while the list holds 2 identifiers"
    planned = runner.plan(target)
    assert (planned.status, planned.unknown, planned.held_back) == ("held", 0, 2)
    assert planned.message == report.message
    assert platform.members == {email("ann"), email("bob")}

    runner.released_by = "Jo"
    assert runner.run(target).status == "ok"
    assert platform.members == set()
    audit = warehouse.rows(
        f"select status, released_by from {warehouse.relation('runs', 'sync')} where released_by is not null"
    )
    assert audit == [("ok", "Jo")]


def test_a_release_is_recorded_before_anything_is_sent(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> None:
    shop.add("ann")
    shop.publish()
    runner.released_by = "Jo"

    def die() -> None:
        raise Killed

    platform.before_push = die
    with pytest.raises(Killed):
        runner.run(target)
    assert warehouse.rows(f"select status, released_by from {warehouse.relation('runs', 'sync')}") == [
        ("running", "Jo")
    ]


def test_people_who_opted_out_are_removed_while_the_rest_is_held(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann", "bob", "cat")
    shop.publish()
    runner.run(target)
    for person in shop.people.values():
        person.is_member = False
    shop.people["cat"].is_opted_out = True
    shop.publish()
    report = runner.run(target)
    assert report.status == "held"
    assert platform.members == {email("ann"), email("bob")}
    assert (report.removes, report.accepted, report.unknown, report.held_back) == (3, 1, 0, 2)


def test_opt_outs_alone_are_never_held(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann")
    shop.publish()
    runner.run(target)
    shop.people["ann"].is_opted_out = True
    shop.publish()
    assert runner.run(target).status == "ok"
    assert platform.members == set()


@pytest.mark.parametrize("wish", ["denied", "opted out with a new address", "erased"])
def test_no_private_wish_waits_for_a_release(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, wish: str
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    runner.run(target)
    for person in shop.people.values():
        person.is_member = False
    if wish == "denied":
        shop.people["ann"].consent = "denied"
    elif wish == "erased":
        del shop.people["ann"]
    else:
        shop.people["ann"].emails, shop.people["ann"].is_opted_out = ("ann.new",), True
    shop.publish()
    assert runner.run(target).status == "held"
    assert platform.members == {email("bob")}


def test_profiles_that_vanish_by_the_hundred_are_an_accident(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    platform.batch_size = 1000
    shop.add(*(f"p{n}" for n in range(200)))
    shop.publish()
    runner.run(target)
    shop.people = {"p1": shop.people["p1"]}
    shop.publish()
    assert runner.run(target).status == "held"
    assert len(platform.members) == 200


@pytest.mark.parametrize("left_over", [0, 1])
def test_profiles_that_all_vanish_are_an_accident_of_whatever_size(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, left_over: int
) -> None:
    """A full refresh on an empty source; somebody who is no member may be left."""
    platform.batch_size = 1000
    shop.add(*(f"p{n}" for n in range(90)))
    shop.publish()
    runner.run(target)
    shop.people = dict(list(shop.people.items())[:left_over])
    for person in shop.people.values():
        person.is_member = False
    shop.publish()
    report = runner.run(target)
    assert (report.status, report.exit_code, report.held_back) == ("held", 4, 90)
    assert len(platform.members) == 90
    runner.released_by = "Jo"
    assert runner.run(target).status == "ok"
    assert platform.members == set()


def test_some_who_are_gone_leave_while_the_list_wants_others(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann", "bob", "cat")
    shop.publish()
    runner.run(target)
    shop.people = {"cat": shop.people["cat"]}
    shop.publish()
    assert runner.plan(target).removes == 2
    assert runner.run(target).status == "ok"
    assert platform.members == {email("cat")}


def test_the_only_member_leaves_who_asked_and_is_in_no_table_any_more(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann")
    shop.publish()
    runner.run(target)
    shop.request("opt_out", "user_id:ann")
    shop.people = {}
    shop.publish()
    assert runner.run(target).status == "ok"
    assert platform.members == set()


def test_consent_denied_in_the_settings_empties_the_list_without_a_release(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.add("ann")
    shop.publish()
    runner.run(target)
    assert runner.run(replace(target, consent_rule="nobody")).removes == 1
    assert platform.members == set()


def test_a_released_removal_that_was_cut_short_needs_no_second_release(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.people = {f"p{n}": Person(emails=(f"p{n}",)) for n in range(4)}
    shop.publish()
    runner.run(target)
    for person in shop.people.values():
        person.is_member = False
    shop.publish()
    runner.released_by = "Jo"
    platform.faults = ["ok", "busy"]
    assert runner.run(target).status == "retry_later"
    runner.released_by = None
    assert runner.run(target).status == "ok"
    assert platform.members == set()


def test_a_membership_older_than_its_cadence_is_not_sent(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, clock: TestClock
) -> None:
    assert runner.run(target).status == "failed", "never evaluated"
    shop.add("ann")
    shop.publish()
    clock.time += timedelta(hours=25)
    report = runner.run(target)
    assert (report.status, report.exit_code, platform.calls) == ("failed", 1, [])
    assert report.message is not None
    assert "25.0 hours old" in report.message
