"""Requests against a warehouse made by hand; the digests against Python's own hashes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.privacy.request import parse_requester, parse_type, record
from segmentloom_sync.privacy.status import request_states
from segmentloom_sync.privacy.suppressed import is_suppressed
from segmentloom_sync.privacy.tables import SUPPRESSION_KEYS
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.conftest import open_memory_warehouse
from tests.unit.sync.memory_platform import MemoryPlatform, buyers
from tests.unit.sync.shop import Person, Shop, TestClock, email, phone


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = open_memory_warehouse()
    yield warehouse
    warehouse.close()


@pytest.fixture
def shop(warehouse: Warehouse) -> Shop:
    shop = Shop(warehouse, TestClock())
    shop.prepare()
    return shop


@pytest.fixture
def platform() -> MemoryPlatform:
    return MemoryPlatform()


@pytest.fixture
def target(platform: MemoryPlatform) -> SyncTarget:
    return buyers(platform)


def digests(warehouse: Warehouse) -> set[tuple[str, str]]:
    """Type and digest of what is barred."""
    relation = warehouse.relation("suppressions", "privacy")
    rows = warehouse.rows(f"select identifier_type, digest from {relation} where released_at is null")
    return {(str(kind), str(digest)) for kind, digest in rows}


def expected(warehouse: Warehouse, *texts: str) -> set[tuple[str, str]]:
    """The same by Python."""
    [(key,)] = warehouse.rows(f"select secret_key from {warehouse.relation('suppression_keys', 'privacy')}")
    return {(text.partition(":")[0], _sha256(key + text)) for text in texts}


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_an_opt_out_bars_all_identifiers_of_the_profile_and_their_hashes(
    shop: Shop, warehouse: Warehouse
) -> None:
    shop.people = {"ann": Person(emails=("ann",), phones=("1",)), "bob": Person(emails=("bob",))}
    shop.publish()

    shop.request("opt_out", "user_id:ann")

    assert digests(warehouse) == expected(
        warehouse,
        "user_id:ann",
        "email:ann@example.com",
        f"email_sha256:{email('ann').value}",
        f"phone_sha256:{phone('1').value}",
    )
    assert (is_suppressed(warehouse, "ann"), is_suppressed(warehouse, "bob")) == (True, False)


def test_no_identifier_and_no_plain_hash_is_stored(shop: Shop, warehouse: Warehouse) -> None:
    shop.add("ann")
    shop.publish()
    shop.request("opt_out", "email:ann@example.com")
    for name in ("requests", "suppressions", "suppression_keys"):
        text = repr(warehouse.rows(f"select * from {warehouse.relation(name, 'privacy')}"))
        assert "ann" not in text
        assert email("ann").value not in text
        assert _sha256("email:ann@example.com") not in text


def test_each_request_is_recorded_and_a_second_one_changes_nothing(shop: Shop, warehouse: Warehouse) -> None:
    shop.add("ann")
    shop.publish()
    shop.request("opt_out", "email:ann@example.com")
    before = digests(warehouse)
    shop.request("opt_out", "email:ann@example.com")
    assert digests(warehouse) == before
    rows = warehouse.rows(
        "select request_type, requested_by, requested_at, identifier_type, is_profile_known "
        f"from {warehouse.relation('requests', 'privacy')}"
    )
    assert rows == [("opt_out", "the shop", shop.clock.now(), "email", True)] * 2


def test_there_is_one_key_and_it_fills_a_block(shop: Shop, warehouse: Warehouse) -> None:
    for _ in range(2):
        shop.request("opt_out", "email:ann@example.com")
    [(key,)] = warehouse.rows(f"select secret_key from {warehouse.relation('suppression_keys', 'privacy')}")
    assert len(bytes.fromhex(key)) == 32


def test_an_older_key_still_bars(shop: Shop, warehouse: Warehouse) -> None:
    """Two that were made at the same moment both hold."""
    shop.add("ann")
    shop.publish()
    shop.request("opt_out", "user_id:ann")
    keys = warehouse.relation("suppression_keys", "privacy")
    columns = ", ".join(f"'{name}'" for name in SUPPRESSION_KEYS if name != "created_at")
    warehouse.execute(f"insert into {keys} select {columns}, :now", now=shop.clock.now())
    assert is_suppressed(warehouse, "ann")


def test_opting_in_frees_what_was_barred(
    shop: Shop, warehouse: Warehouse, target: SyncTarget, platform: MemoryPlatform
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    runner = SyncRunner(warehouse, shop.clock)
    runner.run(target)
    shop.request("opt_out", "user_id:ann")
    runner.run(target)
    assert platform.members == {email("bob")}

    shop.request("opt_in", "email:ann@example.com")
    assert digests(warehouse) == set()
    runner.run(target)
    assert platform.members == {email("ann"), email("bob")}


def test_opting_in_says_when_a_signal_still_bars(shop: Shop, warehouse: Warehouse) -> None:
    shop.people["ann"] = Person(emails=("ann",), is_opted_out=True)
    shop.publish()
    recorded = record(warehouse, "opt_in", "user_id:ann", by="ann", now=shop.clock.now())
    assert recorded.is_opted_out is True


def test_a_hash_stays_out_though_nobody_known_has_it(
    shop: Shop, warehouse: Warehouse, target: SyncTarget, platform: MemoryPlatform
) -> None:
    """Who asked is gone from all tables, and a guard holds what went with them; another has the number."""
    shop.people = {f"p{number}": Person(emails=(f"p{number}",), phones=("home",)) for number in range(150)}
    shop.publish()
    runner = SyncRunner(warehouse, shop.clock)
    runner.run(target)
    shop.request("opt_out", "user_id:p7")
    shop.people = {"new": Person(emails=("new",), phones=("home",))}
    shop.publish()

    report = runner.run(target)

    assert report.status == "held"
    assert not platform.members & {email("p7"), phone("home")}
    assert email("p8") in platform.members
    runner.released_by = "ann"
    runner.run(target)
    assert platform.members == {email("new")}


def test_a_request_is_in_progress_until_no_list_may_hold_the_person(
    shop: Shop, warehouse: Warehouse, target: SyncTarget, platform: MemoryPlatform
) -> None:
    shop.people = {"ann": Person(emails=("ann",), phones=("1",)), "bob": Person(emails=("bob",))}
    shop.publish()
    runner = SyncRunner(warehouse, shop.clock)
    other = replace(target, list_name="Others")
    runner.run(target)
    runner.run(other)
    shop.request("opt_out", "user_id:ann")
    shop.clock.time += timedelta(seconds=1)
    shop.request("opt_out", "user_id:nobody")
    assert [(state.status, state.lists) for state in request_states(warehouse)] == [
        ("in_progress", 2),
        ("completed", 0),
    ]
    runner.run(target)
    platform.faults = ["lost"]
    runner.run(other)
    [state, _] = request_states(warehouse)
    assert (state.status, state.lists) == ("in_progress", 1)
    runner.run(other)
    assert request_states(warehouse, state.request_id)[0].status == "completed"
    with pytest.raises(ConfigError, match="there is no request x"):
        request_states(warehouse, "x")


def test_requests_need_no_build(warehouse: Warehouse) -> None:
    """The wish of a person does not wait for dbt."""
    clock = TestClock()
    recorded = record(warehouse, "opt_out", "email:ann@example.com", by="ann", now=clock.now())
    assert recorded.is_profile_known is False
    assert request_states(warehouse)[0].status == "completed"
    shop = Shop(warehouse, clock)
    shop.prepare()
    shop.add("ann")
    shop.publish()
    assert is_suppressed(warehouse, "ann")


def test_a_failed_evaluation_keeps_nobody_who_asked(
    shop: Shop, warehouse: Warehouse, target: SyncTarget, platform: MemoryPlatform
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    runner = SyncRunner(warehouse, shop.clock)
    runner.run(target)
    shop.request("opt_out", "user_id:ann")
    shop.clock.time += timedelta(days=9)
    assert runner.run(target).status == "failed"
    assert platform.members == {email("bob")}


@pytest.mark.parametrize("text", ["", " ", "ann@example.com", "a\nb", "x" * 101])
def test_who_enters_a_request_is_a_name(text: str) -> None:
    with pytest.raises(ConfigError, match="--by is no name"):
        parse_requester(text)


def test_other_types_of_requests_are_refused() -> None:
    assert parse_type("opt_in") == "opt_in"
    with pytest.raises(ConfigError, match="'erase' is no type of request"):
        parse_type("erase")
