"""Batches follow each other more slowly where the platform says that its limit is nearly used up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from segmentloom_sync import simulators
from segmentloom_sync.simulators import Fault
from segmentloom_sync.simulators.meta import MetaSimulator
from segmentloom_sync.simulators.platform import Quota
from segmentloom_sync.sync.retry import BUDGET
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.sync.turns import Turn, serve_in_turns
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.conftest import open_memory_warehouse
from tests.unit.sync.memory_platform import MemoryPlatform, buyers
from tests.unit.sync.shop import Shop
from tests.unit.sync.world import BATCH_SIZE, Configured, Time

BATCHES = 12
REFUSED = "POST users 400"


@dataclass
class Account:
    """A list of a few batches at a simulated Meta."""

    shop: Shop
    warehouse: Warehouse
    clock: Time
    simulator: MetaSimulator
    target: SyncTarget

    def run(self) -> RunReport:
        self.shop.publish()
        return SyncRunner(self.warehouse, self.clock).run(self.target)

    def tell(self, percent: int, *, minutes: int = 0, count: int = 100) -> None:
        """Answers say for a while that so much of the limit is used."""
        entry = {
            "type": "custom_audience",
            "call_count": percent,
            "estimated_time_to_regain_access": minutes,
        }
        headers = {"X-Business-Use-Case-Usage": json.dumps({"1": [entry]})}
        self.simulator.faults.add(Fault(kind="headers", headers=headers, path="/users", count=count))

    @property
    def sent(self) -> int:
        return self.simulator.counts["POST users 200"]


@contextmanager
def opened() -> Iterator[Account]:
    clock, warehouse = Time(), open_memory_warehouse()
    shop = Shop(warehouse, clock)
    shop.prepare()
    shop.add(*(f"p{number:02}" for number in range(BATCHES * BATCH_SIZE)))
    with simulators.running(["meta"], clock=clock) as running, requests.Session() as session:
        simulator = running["meta"]
        assert isinstance(simulator, MetaSimulator)
        [configured] = Configured(simulator.settings(), session).destinations(["meta"], clock).values()
        configured.destination.hash_rule = shop.hash_rule  # type: ignore[misc]
        target = replace(buyers(MemoryPlatform()), destination=configured.destination, max_retries=5)
        yield Account(shop, warehouse, clock, simulator, replace(target, destination_name="meta"))
    warehouse.close()


@pytest.fixture
def account() -> Iterator[Account]:
    with opened() as account:
        yield account


def refusals(monkeypatch: pytest.MonkeyPatch, *, paced: bool) -> int:
    """Of a run whose requests are more than the limit of ten in five minutes."""
    with monkeypatch.context() as patch, opened() as account:
        if not paced:
            patch.setattr("segmentloom_sync.sync.list_sync.keep_pace", lambda *_: None)
        account.simulator.calls = Quota(10, 300)
        report = account.run()
        assert (report.status, account.sent) == ("ok", BATCHES)
        return account.simulator.counts[REFUSED]


def test_who_keeps_pace_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusals(monkeypatch, paced=False) > 0
    assert refusals(monkeypatch, paced=True) == 0


def test_a_pause_is_between_two_batches_and_counts_as_waiting(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.tell(90, count=3)
    assert account.run().status == "ok"
    assert account.clock.slept == pytest.approx(3 * 36)
    said = capsys.readouterr().err.splitlines()
    assert said == ["meta has used up most of its rate limit; the next batch follows in 36 s"] * 3


def test_pauses_end_with_the_budget_and_the_run_goes_on(account: Account) -> None:
    account.tell(100)
    account.shop.add(*(f"q{number:02}" for number in range(2 * BATCHES)))
    assert account.run().status == "ok"
    assert account.clock.slept == BUDGET.total_seconds()
    assert account.sent == 2 * BATCHES > BUDGET.total_seconds() / 60


def test_a_limit_that_is_used_up_for_long_ends_the_run_before_a_refusal(account: Account) -> None:
    account.tell(100, minutes=6)
    report = account.run()
    assert (report.status, report.exit_code, report.is_given_up) == ("retry_later", 3, True)
    assert report.message == "meta has used up most of its rate limit; given up for this run"
    assert (account.sent, account.clock.slept) == (1, 0.0)
    account.simulator.faults.clear()
    account.clock.time += timedelta(minutes=6)
    assert account.run().status == "ok"


def test_a_list_that_has_to_pause_gives_others_their_turn(account: Account) -> None:
    account.tell(90, count=1)
    account.shop.publish()
    runner = SyncRunner(account.warehouse, account.clock)
    order: list[Any] = []

    def serve(earlier: RunReport | None) -> list[RunReport]:
        return [runner.run(account.target, earlier=earlier)]

    def other(earlier: RunReport | None) -> list[RunReport]:
        order.append((account.sent, account.clock.slept))
        return []

    [report] = serve_in_turns(runner, [lambda: [Turn("meta", serve), Turn("other", other)]])
    assert order == [(1, 0.0)]
    assert (report.status, report.accepted) == ("ok", BATCHES * BATCH_SIZE)
    assert account.clock.slept == pytest.approx(36)


def test_an_interrupt_ends_a_pause_and_sends_nothing_more(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.tell(90)
    account.shop.publish()
    runner = SyncRunner(account.warehouse, account.clock)

    def interrupted(seconds: float) -> None:
        runner.interrupt.is_requested = True

    monkeypatch.setattr(account.clock, "sleep", interrupted)
    report = runner.run(account.target)
    assert (report.status, account.sent) == ("retry_later", 1)
