"""A list stays with its account and with its destination's name, until a person moves it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace

import pytest

from segmentloom_sync.destinations.accounts import account_of
from segmentloom_sync.destinations.registry import destination_type
from segmentloom_sync.sync.environment import Binding, environment_of
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.state import list_states
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.memory_platform import MemoryPlatform, OneDestination, buyers
from tests.unit.sync.removing import remove_opt_outs
from tests.unit.sync.shop import Shop, TestClock, email


@dataclass
class AccountPlatform(MemoryPlatform):
    """One account of several at a platform."""

    account: str = "one"


@pytest.fixture
def platform() -> AccountPlatform:
    return AccountPlatform()


@pytest.fixture
def other() -> AccountPlatform:
    """Another account, whose next list has another id."""
    return AccountPlatform(account="two", created=1)


def bound(warehouse: Warehouse, clock: TestClock, by: str | None = None) -> SyncRunner:
    return SyncRunner(warehouse, clock, binding=Binding(environment_of(warehouse, "prod"), by))


@pytest.fixture
def filled(shop: Shop, warehouse: Warehouse, clock: TestClock, target: SyncTarget) -> Shop:
    shop.add("ann", "bob")
    shop.publish()
    assert bound(warehouse, clock).run(target).status == "ok"
    shop.add("cat")
    shop.publish()
    clock.sleep(1)
    return shop


def test_another_account_is_refused_until_a_person_says_so(
    filled: Shop,
    warehouse: Warehouse,
    clock: TestClock,
    target: SyncTarget,
    platform: AccountPlatform,
    other: AccountPlatform,
    capsys: pytest.CaptureFixture[str],
) -> None:
    moved = replace(target, destination=other)
    calls = len(platform.calls)
    filled.people["ann"].is_opted_out = True
    filled.publish()
    for report in (
        bound(warehouse, clock).run(moved),
        bound(warehouse, clock).plan(moved),
    ):
        assert (report.status, report.exit_code) == ("failed", 2)
        assert report.message == (
            "the list 'Buyers' at memory is in memory account one, and memory is memory account two now: "
            "nobody was added or removed"
        )
        assert "run buyers --rebind --by YOUR_NAME" in str(report.hint)
    assert (len(platform.calls), other.calls) == (calls, [])

    assert bound(warehouse, clock, "Jo").run(moved).status == "ok"
    assert other.members == {email("bob"), email("cat")}
    assert platform.members == {email("ann"), email("bob")}
    assert "the list 'Buyers' in memory account one keeps its members" in capsys.readouterr().err
    clock.sleep(1)
    assert bound(warehouse, clock).run(moved).accepted == 0
    [stuck] = remove_opt_outs(
        bound(warehouse, clock), OneDestination("memory", other), [], {("memory", "Buyers")}
    )
    assert (stuck.status, stuck.exit_code, stuck.list_name) == ("failed", 2, "Buyers")
    assert "list_id 'list-1' from S_sync.ledger" in str(stuck.hint)
    assert bound(warehouse, clock).run(target).exit_code == 2

    assert bound(warehouse, clock, "Jo").run(target).status == "ok"
    assert platform.members == {email("bob"), email("cat")}, "the former list goes on from its own ledger"


def test_status_counts_the_list_of_the_present_account(
    filled: Shop, warehouse: Warehouse, clock: TestClock, target: SyncTarget, other: AccountPlatform
) -> None:
    """What the former account's list holds, or waits for, stays in the ledger."""
    ledger = warehouse.relation("ledger", "sync")
    filled.add("dan", "eve", "fay")
    filled.publish()
    assert bound(warehouse, clock).run(target).status == "ok"
    clock.sleep(1)
    filled.people = {"bob": filled.people["bob"]}
    filled.publish()
    assert bound(warehouse, clock, "Jo").run(replace(target, destination=other)).status == "ok"
    held = dict(warehouse.rows(f"select list_id, count(*) from {ledger} group by 1"))
    assert held == {"list-1": 6, "list-2": 1}
    batches = warehouse.relation("batches", "sync")
    warehouse.execute(
        f"update {batches} set state = 'processing', finished_at = :now where list_id = 'list-1'",
        now=clock.now(),
    )
    [state] = list_states(warehouse, clock.now())
    assert (state["list_id"], state["accepted"], state["waiting"]) == ("list-2", 1, 0)


def test_a_receiver_whose_list_has_the_same_id_gets_everybody(
    filled: Shop, warehouse: Warehouse, clock: TestClock, target: SyncTarget, platform: AccountPlatform
) -> None:
    receiver = AccountPlatform(account="two")
    moved = replace(target, destination=receiver)
    assert bound(warehouse, clock, "Jo").run(moved).status == "ok"
    assert receiver.names == platform.names
    assert receiver.members == {email("ann"), email("bob"), email("cat")}


def test_a_list_recorded_before_accounts_were_takes_the_present_one(
    shop: Shop, warehouse: Warehouse, clock: TestClock, platform: AccountPlatform, other: AccountPlatform
) -> None:
    target = buyers(platform)
    shop.add("ann")
    shop.publish()
    assert bound(warehouse, clock).run(target).status == "ok"
    accounts = warehouse.relation("accounts", "sync")
    warehouse.execute(f"delete from {accounts} where true")
    clock.sleep(1)
    assert bound(warehouse, clock).run(target).status == "ok"
    assert warehouse.rows(f"select * from {accounts}") == [("memory", "list-1", "memory", "one")]
    moved = replace(target, destination=other)
    assert bound(warehouse, clock).run(moved).exit_code == 2


def test_a_second_name_for_an_account_does_not_start_a_second_ledger(
    filled: Shop, warehouse: Warehouse, clock: TestClock, target: SyncTarget, platform: AccountPlatform
) -> None:
    del filled.people["cat"]
    filled.people["ann"].is_member = False
    filled.publish()
    renamed = replace(target, destination_name="memory_eu")
    calls = len(platform.calls)
    report = bound(warehouse, clock).run(renamed)
    assert (report.status, report.exit_code, len(platform.calls)) == ("failed", 2, calls)
    assert report.message == (
        "the list 'Buyers' of memory_eu is the one that the destination 'memory' keeps in step: "
        "both are memory account one"
    )

    report = bound(warehouse, clock, "Jo").run(renamed)
    assert (report.status, report.adds, report.removes) == ("ok", 0, 1)
    assert platform.members == {email("bob")}
    ledger, lists = warehouse.relation("ledger", "sync"), warehouse.relation("lists", "sync")
    for table in (ledger, lists):
        assert warehouse.rows(f"select distinct destination from {table}") == [("memory_eu",)]
    assert bound(warehouse, clock).run(target).exit_code == 2, "the former name is the second one now"
    clock.sleep(1)
    assert bound(warehouse, clock).run(renamed).accepted == 0


def test_two_ledgers_of_one_list_become_one(
    filled: Shop, warehouse: Warehouse, clock: TestClock, target: SyncTarget, platform: AccountPlatform
) -> None:
    """As two blocks left them before accounts were recorded."""
    accounts = warehouse.relation("accounts", "sync")
    second = replace(target, destination_name="memory_eu")
    warehouse.execute(f"delete from {accounts} where true")
    assert bound(warehouse, clock).run(second).status == "ok"
    warehouse.execute(f"update {accounts} set destination = 'memory' where true")
    filled.people["ann"].is_member = False
    filled.publish()
    clock.sleep(1)
    assert bound(warehouse, clock).run(second).exit_code == 2
    report = bound(warehouse, clock, "Jo").run(second)
    assert report.status == "ok"
    assert platform.members == {email("bob"), email("cat")}
    ledger = warehouse.relation("ledger", "sync")
    assert warehouse.rows(f"select destination, count(*) from {ledger} group by 1") == [("memory_eu", 2)]


def test_destinations_name_their_account_in_one_spelling_and_no_secret(clock: TestClock) -> None:
    def named(kind: str, **settings: object) -> str | None:
        made = destination_type(kind)
        return account_of(made(made.Settings.model_validate({"type": kind, **settings}), clock=clock))

    meta = {"access_token": "t", "api_version": "v24.0"}
    assert named("meta", ad_account_id="act_12", **meta) == named("meta", ad_account_id="12", **meta) == "12"
    secret = {"signing_secret": "whsec_" + b64encode(b"s" * 32).decode()}
    first = named("webhook", base_url="https://hooks.test/secret", **secret)
    assert first is not None
    assert first.startswith("hooks.test (")
    assert "secret" not in first
    assert first != named("webhook", base_url="https://hooks.test/another", **secret)
    assert account_of(MemoryPlatform()) is None
