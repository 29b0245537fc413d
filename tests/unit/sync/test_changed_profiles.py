"""Members are not sent with the identifiers of profiles that changed after them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from segmentloom_sync.sync.changed_profiles import changed_since
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.account import FEED, Account
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import AUDIENCE, START, Shop, TestClock, email

LATER = START + timedelta(minutes=1)
STALE = f"profiles changed since audience {AUDIENCE} was evaluated"


@pytest.fixture
def account(warehouse: Warehouse) -> Account:
    account = Account(warehouse)
    account.profiles_change(3)
    account.conditions_follow(3, 1)
    account.publishes(1)
    return account


def test_an_evaluation_after_the_latest_change_is_right(account: Account, warehouse: Warehouse) -> None:
    assert changed_since(warehouse, AUDIENCE) is None
    assert changed_since(warehouse, "unknown") is None


def test_a_change_that_the_conditions_have_not_taken_in_is_told(
    account: Account, warehouse: Warehouse
) -> None:
    account.profiles_change(4, at=LATER)
    assert changed_since(warehouse, AUDIENCE) == STALE


def test_another_audience_evaluated_since_does_not_make_this_one_new(
    account: Account, warehouse: Warehouse
) -> None:
    account.profiles_change(4, at=LATER)
    account.conditions_follow(4, 2)
    assert changed_since(warehouse, AUDIENCE) == STALE


def test_conditions_evaluated_again_for_the_same_profiles_make_nothing_old(
    account: Account, warehouse: Warehouse
) -> None:
    account.conditions_follow(3, 2)
    assert changed_since(warehouse, AUDIENCE) is None


def test_an_evaluation_as_of_a_past_time_is_as_new_as_its_build(
    account: Account, warehouse: Warehouse
) -> None:
    account.publishes(1, at=START - timedelta(days=30))
    assert changed_since(warehouse, AUDIENCE) is None


def test_an_audience_written_by_hand_goes_by_time(account: Account, warehouse: Warehouse) -> None:
    account.publishes(0, generation="")
    assert changed_since(warehouse, AUDIENCE) is None
    account.profiles_change(4, at=LATER)
    assert changed_since(warehouse, AUDIENCE) == STALE
    account.publishes(0, generation="", at=LATER)
    assert changed_since(warehouse, AUDIENCE) is None


def test_identifiers_that_lag_behind_the_profiles_are_told(account: Account, warehouse: Warehouse) -> None:
    account.comes_to(FEED, 4)
    account.conditions_follow(4, 2)
    account.publishes(2)
    assert (
        changed_since(warehouse, AUDIENCE) == "profiles changed, and their identifiers were not built since"
    )


def test_plan_and_run_refuse_it_and_opt_outs_leave_all_the_same(
    shop: Shop,
    account: Account,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    clock: TestClock,
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    assert runner.run(target).status == "ok"
    shop.add("eve")
    shop.people["ann"].is_opted_out = True
    shop.publish()
    account.profiles_change(4, at=LATER)
    planned = runner.plan(target)
    assert (planned.status, planned.message, planned.adds) == ("failed", STALE, 0)
    report = runner.run(target)
    assert (report.status, report.message, report.exit_code) == ("failed", STALE, 1)
    assert report.hint == "run without --no-build, or `dbt build` first"
    assert platform.members == {email("bob")}


def test_a_build_that_has_not_read_the_key_of_a_request_is_told(
    account: Account, warehouse: Warehouse, shop: Shop
) -> None:
    """Its role may not see the table: the profiles that the request found may be others by now."""
    shop.add("ann")
    shop.publish()
    account.publishes(1)
    shop.clock.time = LATER
    shop.request("opt_out", "user_id:ann")
    assert changed_since(warehouse, AUDIENCE) is None
    account.profiles_change(4, at=LATER + timedelta(minutes=1))
    account.conditions_follow(4, 2)
    account.publishes(2)
    assert "dbt's role needs to select from it" in str(changed_since(warehouse, AUDIENCE))
    shop.publish()
    account.publishes(2)
    assert changed_since(warehouse, AUDIENCE) is None


def test_digests_that_no_build_has_recorded_count_for_nothing(
    account: Account, warehouse: Warehouse, shop: Shop
) -> None:
    shop.add("ann")
    shop.publish()
    account.publishes(1)
    shop.request("opt_out", "user_id:ann")
    progress = warehouse.relation("int_segmentloom__progress")
    warehouse.execute(f"delete from {progress} where consumer = 'int_segmentloom__identifier_digests'")
    assert "dbt's role needs to select from it" in str(changed_since(warehouse, AUDIENCE))
