"""A list that was in step is compared by what changed since; the plan is that of everybody all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentloom_sync.sync import in_step_sql, list_sync
from segmentloom_sync.sync.hygiene import count_identifiers, observations
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.conftest import open_memory_warehouse
from tests.unit.sync.logged_shop import Compared, LoggedShop
from tests.unit.sync.memory_platform import Fault, MemoryPlatform, buyers
from tests.unit.sync.replacing_platform import ReplacingPlatform
from tests.unit.sync.shop import Person, Shop, TestClock, email

NAMES = ("ann", "bob", "cat", "dan", "eve", "fay")


@pytest.fixture
def shop(warehouse: Warehouse, clock: TestClock) -> LoggedShop:
    return _filled(warehouse, clock)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Compared:
    compared = Compared()
    monkeypatch.setattr(list_sync, "make_plan", compared.make_plan)
    return compared


def _filled(warehouse: Warehouse, clock: TestClock) -> LoggedShop:
    shop = LoggedShop(warehouse, clock)
    shop.prepare()
    shop.people = {name: Person(emails=(name, "home") if name in "ann bob" else (name,)) for name in NAMES}
    shop.people |= {f"other {number}": Person(phones=(str(number),)) for number in range(12)}
    shop.build()
    return shop


def someone_leaves(shop: LoggedShop) -> None:
    shop.people["bob"].is_member = False
    shop.publish()


def someone_leaves_and_comes_back(shop: LoggedShop) -> None:
    someone_leaves(shop)
    shop.people["bob"].is_member = True
    shop.publish()


def nothing_happens(shop: LoggedShop) -> None:
    shop.publish()


@pytest.mark.parametrize("change", [nothing_happens, someone_leaves, someone_leaves_and_comes_back])
def test_what_the_log_explains_is_looked_at_alone(
    shop: LoggedShop,
    compared: Compared,
    runner: SyncRunner,
    platform: MemoryPlatform,
    change: Callable[[LoggedShop], None],
) -> None:
    target = buyers(platform)
    assert runner.run(target).status == "ok"
    change(shop)
    assert runner.run(target).status == "ok"
    assert compared.looks == [False, True]
    assert platform.members == shop.wanted()
    _check_counts(shop, platform)


def test_a_replacement_sends_everybody_though_nobody_changed(
    shop: LoggedShop, compared: Compared, warehouse: Warehouse, clock: TestClock
) -> None:
    stranger = email("stranger")
    platform = ReplacingPlatform(lambda: None, lambda: None, clock, lambda removed: None)
    target = buyers(platform)
    assert SyncRunner(warehouse, clock).run(target).status == "ok"
    platform.put(stranger, clock.now())
    clock.time += timedelta(hours=1)
    shop.publish()
    report = SyncRunner(warehouse, clock, replaced_by="ann").run(target)
    assert (report.status, report.adds) == ("ok", len(shop.wanted()))
    assert platform.members == shop.wanted() | {stranger}
    report = SyncRunner(warehouse, clock).run(target)
    assert report.replacement is not None
    assert (report.adds, report.replacement.state) == (0, "done")  # answered at once
    assert platform.members == shop.wanted()
    assert compared.looks == [False, True, True]
    report = SyncRunner(warehouse, clock).run(target)
    assert (report.adds, report.replacement, platform.removals) == (0, None, 1)


def profiles_are_built(shop: LoggedShop) -> None:
    shop.people["ann"].emails = ("ann.new",)
    shop.build()


def somebody_asks(shop: LoggedShop) -> None:
    shop.publish()
    shop.request("opt_out", "user_id:cat")


def members_are_written_by_hand(shop: LoggedShop) -> None:
    shop.people["fay"].is_member = False
    Shop.publish(shop)
    shop.warehouse.execute(
        f"update {shop.warehouse.relation('audience_membership')} set entered_at = :at",
        at=shop.clock.now() - timedelta(hours=1),
    )


def the_ledger_is_written_by_hand(shop: LoggedShop) -> None:
    shop.publish()
    shop.warehouse.execute(
        f"delete from {shop.warehouse.relation('ledger', 'sync')} where member_key = 'fay'"
    )


def an_older_time_is_published(shop: LoggedShop) -> None:
    shop.clock.time -= timedelta(minutes=5)
    someone_leaves(shop)
    shop.clock.time += timedelta(minutes=5)


@pytest.mark.parametrize(
    "change",
    [
        profiles_are_built,
        somebody_asks,
        members_are_written_by_hand,
        the_ledger_is_written_by_hand,
        an_older_time_is_published,
    ],
)
def test_everybody_is_compared_when_anything_else_moved(
    shop: LoggedShop,
    compared: Compared,
    runner: SyncRunner,
    platform: MemoryPlatform,
    change: Callable[[LoggedShop], None],
) -> None:
    target = buyers(platform)
    shop.clock.time += timedelta(minutes=10)
    shop.publish()
    runner.run(target)
    change(shop)
    assert runner.run(target).status == "ok"
    assert compared.looks == [False, False]
    assert platform.members == shop.wanted()
    _check_counts(shop, platform)


def test_a_run_that_left_something_open_is_followed_by_one_that_compares_everybody(
    shop: LoggedShop, compared: Compared, runner: SyncRunner, platform: MemoryPlatform
) -> None:
    target = buyers(platform)
    platform.faults = ["ok", "lost"]
    assert runner.run(target).status == "retry_later"
    runner.run(target)
    runner.run(target)
    assert compared.looks == [False, False, True]
    assert platform.members == shop.wanted()


def test_a_comparison_that_overlooks_who_shares_an_identifier_is_caught(
    shop: LoggedShop,
    compared: Compared,
    runner: SyncRunner,
    platform: MemoryPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = buyers(platform)
    runner.run(target)
    concerned = in_step_sql.CONCERNED.partition("union distinct")[0]
    monkeypatch.setattr("segmentloom_sync.sync.changed_people.CONCERNED", concerned)
    someone_leaves(shop)
    assert runner.run(target).status == "failed"  # by the assertion of `Compared`


changes = st.lists(
    st.tuples(
        st.sampled_from(["toggles", "toggles", "toggles", "builds", "asks", "asks back", "a year goes by"]),
        st.sampled_from(NAMES),
        st.sampled_from(["ok", "ok", "ok", "lost", "partial"]),
    ),
    max_size=6,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(changes=changes)
def test_whatever_happens_the_plan_is_that_of_everybody(
    changes: list[tuple[str, str, Fault]], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = Compared()
    monkeypatch.setattr(list_sync, "make_plan", compared.make_plan)
    clock, platform = TestClock(), MemoryPlatform()
    warehouse = open_memory_warehouse()
    try:
        shop = _filled(warehouse, clock)
        runner = SyncRunner(warehouse, clock)
        target = buyers(platform)
        assert runner.run(target).status == "ok"
        for change, name, outcome in changes:
            _happens(shop, change, name)
            platform.faults = [outcome]
            assert runner.run(target).status in ("ok", "partial", "retry_later", "held")
            _check_counts(shop, platform)
        assert len(compared.looks) == 1 + len(changes)
    finally:
        warehouse.close()


def _happens(shop: LoggedShop, change: str, name: str) -> None:
    person = shop.people[name]
    if change == "builds":
        person.emails = (f"{name}.{shop.builds}", "home")
        person.is_opted_out = shop.builds % 3 == 2
        person.is_quarantined = shop.builds % 4 == 3
        shop.build()
        return
    if change == "toggles":
        person.is_member = not person.is_member
    if change == "a year goes by":
        shop.clock.time += timedelta(days=520)
    shop.publish()
    if change.startswith("asks"):
        shop.request("opt_in" if change == "asks back" else "opt_out", f"user_id:{name}")


def _check_counts(shop: LoggedShop, platform: MemoryPlatform) -> None:
    """What the run has stored is what a count of everybody finds."""
    newest = {entry.counts.identifier_type: entry.counts for entry in observations(shop.warehouse)}
    assert list(newest.values()) == count_identifiers(shop.warehouse, buyers(platform))
