"""Members are not sent with the identifiers of profiles that changed after them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from segmentloom_sync.sync.changed_profiles import changed_since
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Columns, Warehouse
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import AUDIENCE, START, Shop, TestClock, email

PROGRESS: Columns = {
    "consumer": "string",
    "entry": "integer",
    "generation": "string",
    "batch": "integer",
    "updated_at": "timestamp",
}
PUBLICATIONS: Columns = {
    "audience": "string",
    "evaluated_at": "timestamp",
    "generation": "string",
    "batch": "integer",
}
FEED, CONDITIONS = "int_segmentloom__profile_changes", "int_segmentloom__conditions"
FOLLOWERS = ("segmentloom__profiles", "segmentloom__hashed_identifiers")
LATER = START + timedelta(minutes=1)
STALE = f"profiles changed since audience {AUDIENCE} was evaluated"


class Account:
    """What builds write of how far they have come."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._entries = 0
        warehouse.ensure_table("int_segmentloom__progress", "", PROGRESS)
        warehouse.ensure_table("int_segmentloom__publications", "", PUBLICATIONS)

    def comes_to(self, consumer: str, batch: int, *, at: datetime = START, generation: str = "g") -> None:
        self._entries += 1
        self._warehouse.execute(
            f"insert into {self._warehouse.relation('int_segmentloom__progress')} values"
            " (:consumer, :entry, :generation, :batch, :at)",
            consumer=consumer,
            entry=self._entries,
            generation=generation,
            batch=batch,
            at=at,
        )

    def profiles_change(self, batch: int, *, at: datetime = START) -> None:
        for consumer in (FEED, *FOLLOWERS):
            self.comes_to(consumer, batch, at=at)

    def conditions_follow(self, batch: int, change: int) -> None:
        self.comes_to(CONDITIONS, batch)
        self.comes_to("int_segmentloom__condition_changes", change, generation="c")

    def publishes(self, change: int, *, at: datetime = START, generation: str = "c") -> None:
        relation = self._warehouse.relation("int_segmentloom__publications")
        self._warehouse.execute(f"delete from {relation} where true")
        self._warehouse.execute(
            f"insert into {relation} values (:audience, :at, :generation, :change)",
            audience=AUDIENCE,
            at=at,
            generation=generation,
            change=change,
        )


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
