"""What platforms report is stored as they say it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from segmentloom_sync.destinations.base import MatchRate, RequestStatus
from segmentloom_sync.errors import TryAgainLater
from segmentloom_sync.sync.lease import LEASE, take_lease
from segmentloom_sync.sync.lists import remembered_list
from segmentloom_sync.sync.match_rates import describe, of_request, reported
from segmentloom_sync.sync.refresh import refresh_match_rates
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.session import SyncSession
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Statement, Warehouse
from tests.unit.sync.faults import Killed
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import Shop, TestClock

RANGE = MatchRate("range", "uploadMatchRateRange", lower=61, upper=70, identifier_type="email")


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (RANGE, "61 to 70 %"),
        (MatchRate("range", "r", upper=20), "below 20 %"),
        (MatchRate("percent", "p", lower=54, upper=54), "54 %"),
        (MatchRate("bounds", "b", lower=1000, upper=1200), "1,000 to 1,200"),
        (MatchRate("counts", "c", matched=12, submitted=30), "12 of 30"),
        (MatchRate("counts", "c", matched=1200), "1,200 matched"),
        (MatchRate("range", "r"), "not reported"),
    ],
)
def test_a_report_is_described_in_the_platforms_terms(rate: MatchRate, text: str) -> None:
    assert (
        describe(
            {
                "kind": rate.kind,
                "lower": rate.lower,
                "upper": rate.upper,
                "matched": rate.matched,
                "submitted": rate.submitted,
            }
        )
        == text
    )


def test_before_the_first_run_nothing_is_reported(warehouse: Warehouse) -> None:
    assert reported(warehouse) == []


def test_reports_are_stored_after_a_run_and_when_asked(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    clock: TestClock,
) -> None:
    platform.is_asynchronous = True
    platform.rates = [MatchRate("percent", "matchRatePercentage", lower=50, upper=50)]
    shop.add("ann")
    shop.publish()
    runner.run(target)
    assert [rate["lower"] for rate in reported(warehouse)] == [50]

    platform.rates = [MatchRate("percent", "matchRatePercentage", lower=55, upper=55)]
    platform.requests = {"request-1": RequestStatus("succeeded", match_rates=(RANGE,))}
    clock.time += timedelta(minutes=1)
    refresh_match_rates(warehouse, clock, target)
    assert [(rate["source"], rate["lower"], rate["upper"]) for rate in reported(warehouse)] == [
        ("matchRatePercentage", 55, 55),
        ("uploadMatchRateRange", 61, 70),
    ]
    history = reported(warehouse)[0]["history"]
    assert [(one["lower"], one["observed_at"] == clock.time) for one in history] == [(50, False), (55, True)]


def test_an_answer_is_stored_once_though_the_run_that_heard_it_dies(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    warehouse: Warehouse,
    clock: TestClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    platform.is_asynchronous = True
    shop.add("ann")
    shop.publish()
    runner.run(target)
    platform.requests = {"request-1": RequestStatus("succeeded", match_rates=(RANGE,))}
    clock.time += timedelta(minutes=31)
    apply = SyncSession.apply

    def die(session: SyncSession, statements: Sequence[Statement]) -> None:
        if any("message = :message" in statement.sql for statement in statements):
            raise Killed
        apply(session, statements)

    with monkeypatch.context() as patched:
        patched.setattr(SyncSession, "apply", die)
        with pytest.raises(Killed):
            runner.run(target)
    clock.time += timedelta(minutes=2)
    assert runner.run(target).status == "ok"
    rates = warehouse.relation("match_rates", "sync")
    assert warehouse.rows(f"select request_id, lower_bound from {rates}") == [("request-1", 61)]


def test_a_run_that_was_overtaken_stores_no_answer(
    shop: Shop, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    runner.run(target)
    known = remembered_list(warehouse, target)
    assert known is not None
    lease = take_lease(warehouse, clock, target.key)
    session = SyncSession(warehouse, clock, target, known, lease, "run")
    clock.time += LEASE
    take_lease(warehouse, clock, target.key)
    with pytest.raises(TryAgainLater):
        session.apply(of_request(session, [RANGE], "request-1"))
    assert reported(warehouse) == []
