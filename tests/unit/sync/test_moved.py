"""A run looks closely at what moved only; its plan is that of the comparison of everybody, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from segmentloom_sync.sync import moved_sql
from segmentloom_sync.sync.plan import delta, moved_identifiers, owners_of_moved, prepared_delta
from segmentloom_sync.sync.sendable import sendable_members
from segmentloom_sync.sync.target import ConsentRule, SyncTarget
from segmentloom_sync.warehouse.base import Statement, Warehouse
from tests.unit.sync.conftest import open_memory_warehouse
from tests.unit.sync.memory_platform import MemoryPlatform, buyers
from tests.unit.sync.shop import START, Person, Shop, TestClock, email, phone

LIST = "list-1"
NAMES = ("ann", "bob", "cat", "dan")
EMAILS = ("ann", "bob", "home", "old")
PHONES = ("1", "2")
STATES = ("pending", "sent", "accepted", "rejected", "removing")
CONSENTS: tuple[ConsentRule, ...] = ("granted", "not_denied", "nobody")

People = Mapping[str, Person]
Row = dict[str, Any]

persons = st.builds(
    Person,
    emails=st.lists(st.sampled_from(EMAILS), max_size=2, unique=True).map(tuple),
    phones=st.lists(st.sampled_from(PHONES), max_size=1).map(tuple),
    is_member=st.booleans(),
    is_opted_out=st.sampled_from([False, False, True]),
    is_quarantined=st.sampled_from([False, False, True]),
    consent=st.sampled_from(["granted", "granted", "denied", None]),
)
held = st.fixed_dictionaries(
    {
        "entry": st.sampled_from([*map(email, EMAILS), *map(phone, PHONES)]),
        "state": st.sampled_from(STATES),
        "member_key": st.sampled_from([*NAMES, "gone"]),
        "may_hold": st.booleans(),
        "run_id": st.sampled_from(["run-1", "run-2"]),
        "batch_number": st.integers(0, 2),
        "added_days_ago": st.sampled_from([1, 400, 520, None]),
        "overtaken": st.sampled_from([None, ("run-1", 1), ("run-2", 2)]),
    }
)
batches = st.lists(
    st.tuples(
        st.sampled_from(["run-1", "run-2"]),
        st.integers(1, 2),
        st.sampled_from(["add", "remove"]),
        st.sampled_from(["processing", "confirmed", "done", "unknown"]),
        st.sampled_from([1, 30]),
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def tables() -> Iterator[Warehouse]:
    warehouse = open_memory_warehouse()
    yield warehouse
    warehouse.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    people=st.dictionaries(st.sampled_from(NAMES), persons),
    rows=st.lists(held, max_size=5, unique_by=lambda row: row["entry"]),
    requests=batches,
    consent=st.sampled_from(CONSENTS),
    asks=st.sampled_from([None, "user_id:ann", "email:home@example.com"]),
)
@example(people={}, rows=[], requests=[], consent="not_denied", asks=None)
def test_the_plan_of_what_moved_is_the_plan(
    tables: Warehouse,
    people: People,
    rows: list[Row],
    requests: list[tuple[str, int, str, str, int]],
    consent: ConsentRule,
    asks: str | None,
) -> None:
    target = _lay(tables, people, rows, requests, consent, asks)
    expected = _of_everybody(tables, target)
    assert _of_moved(tables, target) == expected
    if not rows:
        assert _of_prepared(tables, target) == expected


def test_a_comparison_that_overlooks_what_waits_is_caught(
    tables: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"state": "sent", "member_key": "ann", "may_hold": True, "run_id": "run-1", "batch_number": 1}
    lost = {**row, "entry": email("ann"), "added_days_ago": None, "overtaken": None}
    target = _lay(tables, {"ann": Person(emails=("ann",))}, [lost], [], "not_denied", None)
    assert _of_moved(tables, target) == _of_everybody(tables, target) != []
    text = moved_sql.MOVED.replace("or max(sides.unsettled) = 1", "")
    assert text != moved_sql.MOVED
    monkeypatch.setattr("segmentloom_sync.sync.plan.MOVED", text)
    assert _of_moved(tables, target) == []


def _lay(
    warehouse: Warehouse,
    people: People,
    rows: list[Row],
    requests: list[tuple[str, int, str, str, int]],
    consent: ConsentRule,
    asks: str | None,
) -> SyncTarget:
    shop = Shop(warehouse, TestClock(), people=dict(people))
    shop.prepare()
    for name in ("ledger", "batches"):
        warehouse.execute(f"delete from {warehouse.relation(name, 'sync')} where true")
    for name in ("requests", "suppressions"):
        warehouse.execute(f"delete from {warehouse.relation(name, 'privacy')} where true")
    shop.publish()
    if asks:
        shop.request("opt_out", asks)
    target = replace(buyers(MemoryPlatform()), consent_rule=consent)
    place = {"destination": target.destination_name, "list_id": LIST}
    for row in rows:
        overtaken = row["overtaken"] or (None, None)
        days = row["added_days_ago"]
        _insert(
            warehouse,
            "ledger",
            {
                **place,
                "list_name": target.list_name,
                "audience": target.audience,
                "identifier_type": row["entry"].type,
                "identifier": row["entry"].value,
                "state": row["state"],
                "member_key": row["member_key"],
                "may_hold": row["may_hold"],
                "run_id": row["run_id"],
                "batch_number": row["batch_number"],
                "last_added_at": None if days is None else START - timedelta(days=days),
                "overtaken_run_id": overtaken[0],
                "overtaken_batch_number": overtaken[1],
            },
        )
    for run_id, number, operation, state, hours in requests:
        finished: datetime = START - timedelta(hours=hours)
        values = {"run_id": run_id, "batch_number": number, "part": 0, "operation": operation}
        _insert(warehouse, "batches", {**place, **values, "state": state, "finished_at": finished})
    return target


def _insert(warehouse: Warehouse, table: str, values: Row) -> None:
    given_values = {name: value for name, value in values.items() if value is not None}
    columns, markers = ", ".join(given_values), ", ".join(f":{name}" for name in given_values)
    warehouse.execute(
        f"insert into {warehouse.relation(table, 'sync')} ({columns}) values ({markers})", **given_values
    )


def _of_moved(warehouse: Warehouse, target: SyncTarget) -> list[tuple[Any, ...]]:
    with sendable_members(warehouse, target, LIST) as sendable:
        query = moved_identifiers(warehouse, target, LIST, START, sendable)
        moved = warehouse.scratch_table_as("moved", "sync", query)
        owners = warehouse.scratch_table_as("owners", "sync", owners_of_moved(warehouse, target, moved))
        sendable = replace(sendable, hashed=owners)
        return _changes(warehouse, prepared_delta(warehouse, target, LIST, START, sendable, moved))


def _of_prepared(warehouse: Warehouse, target: SyncTarget) -> list[tuple[Any, ...]]:
    """As a list is compared that holds nothing."""
    with sendable_members(warehouse, target, LIST) as sendable:
        return _changes(warehouse, prepared_delta(warehouse, target, LIST, START, sendable, None))


def _of_everybody(warehouse: Warehouse, target: SyncTarget) -> list[tuple[Any, ...]]:
    return _changes(warehouse, delta(warehouse, target, LIST, START))


def _changes(warehouse: Warehouse, query: Statement) -> list[tuple[Any, ...]]:
    rows = warehouse.rows(
        f"select * from ({query.sql}) as plan where plan.action <> 'keep' order by 1, 2", **query.parameters
    )
    return list(rows)
