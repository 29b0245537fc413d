"""What platforms report is stored as they say it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from segmentloom_sync.destinations.base import MatchRate, RequestStatus
from segmentloom_sync.sync.match_rates import describe, reported
from segmentloom_sync.sync.refresh import refresh_match_rates
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
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
