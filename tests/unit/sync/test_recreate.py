"""A list is made anew where it is gone, and nothing is forgotten where it is only out of sight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn

import pytest

from segmentloom_sync.errors import ConfigError, CredentialsError, DestinationMissing, Unavailable
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import Shop, TestClock, email


def raising(error: Exception) -> Callable[..., NoReturn]:
    def call(*_: Any) -> NoReturn:
        raise error

    return call


def remembered(warehouse: Warehouse) -> tuple[set[str], set[str]]:
    """The ids that the lists and the ledger name."""
    lists, ledger = (
        {str(row[0]) for row in warehouse.rows(f"select list_id from {warehouse.relation(table, 'sync')}")}
        for table in ("lists", "ledger")
    )
    return lists, ledger


@pytest.fixture
def hidden(
    shop: Shop,
    platform: MemoryPlatform,
    runner: SyncRunner,
    target: SyncTarget,
    monkeypatch: pytest.MonkeyPatch,
) -> MemoryPlatform:
    """A list of ann and bob that is there, and that the platform no longer shows; bob has to leave it."""
    shop.add("ann", "bob")
    shop.publish()
    assert runner.run(target).status == "ok"
    shop.people["bob"].is_opted_out = True
    shop.publish()
    monkeypatch.setattr(platform, "match_rates", raising(DestinationMissing("list Buyers is gone")))
    runner.recreate = True
    return platform


def comes_back(
    hidden: MemoryPlatform, warehouse: Warehouse, clock: TestClock, target: SyncTarget, shop: Shop
) -> None:
    """Once it is visible again, who had to leave leaves."""
    shop.publish()
    assert SyncRunner(warehouse, clock).run(target).status == "ok"
    assert hidden.members == {email("ann")}


def test_a_list_that_the_account_still_shows_is_not_forgotten(
    hidden: MemoryPlatform,
    runner: SyncRunner,
    target: SyncTarget,
    warehouse: Warehouse,
    clock: TestClock,
    shop: Shop,
) -> None:
    report = runner.run(target)
    assert (report.status, report.exit_code) == ("failed", 1)
    assert report.message == (
        "memory says that the list 'Buyers' is gone, and its account shows it: nothing was forgotten"
    )
    assert remembered(warehouse) == ({"list-1"}, {"list-1"})
    comes_back(hidden, warehouse, clock, target, shop)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CredentialsError("the account is closed"), "failed"),
        (ConfigError("the answer 404 is not its own"), "failed"),
        (Unavailable("busy"), "retry_later"),
    ],
)
def test_nothing_is_forgotten_while_the_account_cannot_be_read(
    error: Exception,
    status: str,
    hidden: MemoryPlatform,
    runner: SyncRunner,
    target: SyncTarget,
    warehouse: Warehouse,
    clock: TestClock,
    shop: Shop,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hidden, "find_list", raising(error))
        report = runner.run(target)
    assert (report.status, report.message) == (status, str(error))
    assert remembered(warehouse) == ({"list-1"}, {"list-1"})
    comes_back(hidden, warehouse, clock, target, shop)


def test_nothing_is_forgotten_before_the_new_list_is_there(
    hidden: MemoryPlatform,
    runner: SyncRunner,
    target: SyncTarget,
    warehouse: Warehouse,
    clock: TestClock,
    shop: Shop,
) -> None:
    names, hidden.names = hidden.names, {}  # the account does not show it either
    hidden.faults = ["busy"]
    assert runner.run(target).status == "retry_later"
    assert remembered(warehouse) == ({"list-1"}, {"list-1"})
    hidden.names = names
    comes_back(hidden, warehouse, clock, target, shop)


def test_a_run_that_is_killed_with_the_new_list_made_goes_on_with_it(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    clock: TestClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    runner.run(target)
    platform.delete_list("Buyers")
    runner.recreate = True
    create = platform.create_list

    def killed(*given: Any) -> NoReturn:
        create(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(platform, "create_list", killed)
        with pytest.raises(KeyboardInterrupt):
            runner.run(target)
    assert remembered(warehouse) == ({"list-1"}, {"list-1"})
    clock.time += timedelta(minutes=2)  # its lease has expired
    assert SyncRunner(warehouse, clock, recreate=True).run(target).status == "ok"
    assert remembered(warehouse) == ({"list-2"}, {"list-2"})
    assert platform.members == shop.wanted()


def test_a_list_for_nobody_is_made_anew_too(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> None:
    """Whoever has to leave the one that is gone would else fail every run."""
    shop.add("ann")
    shop.publish()
    runner.run(target)
    platform.delete_list("Buyers")
    shop.people["ann"].is_opted_out = True
    shop.publish()
    assert runner.run(target).status == "failed"
    runner.recreate = True
    assert runner.run(target).status == "ok"
    assert platform.members == set()
    runner.recreate = False
    shop.publish()
    assert runner.run(target).status == "ok"
