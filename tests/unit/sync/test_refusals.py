"""A batch is read without another look at everybody's identifiers, unless somebody can have refused since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from segmentloom_sync.destinations.base import Identifier
from segmentloom_sync.sync import batches
from segmentloom_sync.sync.intent import Batch
from segmentloom_sync.sync.refusals import refusal_basis
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.session import SyncSession
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.account import Account
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import START, Person, Shop, TestClock, email

Change = Callable[[Shop, Account], None]


@pytest.fixture
def account(warehouse: Warehouse) -> Account:
    account = Account(warehouse)
    account.profiles_change(1)
    return account


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The batches for which everybody's identifiers were looked at."""
    found: list[int] = []
    look = batches._barred_rows

    def noted(session: SyncSession, batch: Batch) -> list[tuple[object, ...]]:
        found.append(batch.number)
        return look(session, batch)

    monkeypatch.setattr(batches, "_barred_rows", noted)
    return found


def a_build_opts_out(shop: Shop, account: Account) -> None:
    shop.people["dan"].is_opted_out = True
    shop.publish()
    account.profiles_change(2, at=START + timedelta(minutes=1))


def a_build_finds_consent_withdrawn(shop: Shop, account: Account) -> None:
    shop.people["dan"].consent = "denied"
    shop.publish()
    account.profiles_change(2, at=START + timedelta(minutes=1))


def a_build_quarantines(shop: Shop, account: Account) -> None:
    shop.people["dan"].is_quarantined = True
    shop.publish()
    account.profiles_change(2, at=START + timedelta(minutes=1))


def a_request_opts_out(shop: Shop, account: Account) -> None:
    shop.request("opt_out", "user_id:dan")


@pytest.mark.parametrize(
    "change", [a_build_opts_out, a_build_finds_consent_withdrawn, a_build_quarantines, a_request_opts_out]
)
def test_who_refuses_after_the_plan_is_cut_out(
    shop: Shop,
    account: Account,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    looks: list[int],
    change: Change,
) -> None:
    shop.add("ann", "bob", "cat", "dan")
    shop.publish()

    def refuse() -> None:
        platform.before_push = lambda: None
        change(shop, account)

    platform.before_push = refuse
    report = runner.run(target)
    sent: set[Identifier] = {entry for call in platform.calls for entry in call.identifiers}
    assert sent == {email("ann"), email("bob"), email("cat")}
    assert (report.accepted, report.status, set(looks)) == (3, "ok", {2})


def test_nobody_is_looked_at_again_while_nothing_changed(
    shop: Shop,
    account: Account,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    looks: list[int],
) -> None:
    shop.people = {"ann": Person(emails=("ann",), is_opted_out=True), "dan": Person(emails=("ann", "dan"))}
    shop.add("bob", "cat")
    shop.publish()
    shop.request("opt_out", "user_id:bob")
    runner.run(target)
    assert platform.members == shop.wanted() == {email("cat"), email("dan")}
    assert looks == []


def test_without_an_account_of_the_builds_everybody_is_looked_at(
    shop: Shop, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse, looks: list[int]
) -> None:
    shop.add("ann", "bob", "cat")
    shop.publish()
    assert refusal_basis(warehouse) is None
    runner.run(target)
    assert set(looks) == {1, 2}


def test_a_request_shows_though_an_older_one_was_deleted(
    shop: Shop, account: Account, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.request("opt_out", "user_id:ann")
    before = refusal_basis(warehouse)
    clock.sleep(1)
    assert refusal_basis(warehouse) == before
    warehouse.execute(f"delete from {warehouse.relation('requests', 'privacy')} where true")
    shop.request("opt_out", "user_id:bob")
    assert refusal_basis(warehouse) != before
