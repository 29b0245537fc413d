"""How far apart Meta's usage headers want batches to be."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from segmentloom_sync.destinations.meta_answers import pause
from segmentloom_sync.destinations.paced import Paced
from segmentloom_sync.errors import Rejected
from segmentloom_sync.simulators import Fault
from tests.destinations.conftest import Pair, member


def business(**values: Any) -> dict[str, str]:
    entry = {"type": "custom_audience", "call_count": 1, "total_cputime": 1, "total_time": 1, **values}
    other = {**entry, "type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": 9}
    return {"X-Business-Use-Case-Usage": json.dumps({"1": [other], "2": [entry]})}


def account(**values: Any) -> dict[str, str]:
    return {"X-Ad-Account-Usage": json.dumps(values)}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        (business(), 0),
        (business(call_count=75), 0),
        (business(call_count=80), 12),
        (business(total_cputime=90), 36),
        (business(total_time=99.5), 58.8),
        (business(call_count=100), 60),
        (business(call_count=400), 60),
        (business(call_count=100, estimated_time_to_regain_access=7), 420),
        (business(estimated_time_to_regain_access=1), 60),
        (account(acc_id_util_pct=9.67, reset_time_duration=500), 0),
        (account(acc_id_util_pct=95), 48),
        (account(acc_id_util_pct=100, reset_time_duration=500), 500),
        ({"X-App-Usage": '{"call_count": 5, "total_time": 85, "total_cputime": 2}'}, 24),
        ({**business(call_count=80), **account(acc_id_util_pct=90)}, 36),
        (business(call_count=None), 0),
        (business(call_count="90", estimated_time_to_regain_access=1e300), 0),
        ({"X-Business-Use-Case-Usage": "no json", "X-App-Usage": "[1]", "X-Ad-Account-Usage": "5"}, 0),
    ],
)
def test_the_pause_grows_from_three_quarters_of_the_fullest_limit_on(
    headers: dict[str, str], seconds: float
) -> None:
    assert pause(headers) == pytest.approx(seconds)


def test_the_last_answer_counts(meta: Pair) -> None:
    audience = meta.new_list()
    destination = meta.destination
    assert isinstance(destination, Paced)
    assert destination.next_change_at() is None
    meta.simulator.faults.add(Fault(kind="headers", headers=business(call_count=90)))
    destination.push(audience, "add", [member("ann")])
    assert destination.next_change_at() == meta.clock.now() + timedelta(seconds=36)
    assert len(meta.holds(audience)) == 1
    destination.push(audience, "add", [member("bob")])
    assert destination.next_change_at() is None


def test_a_refusal_tells_it_too(meta: Pair) -> None:
    audience = meta.new_list()
    meta.simulator.faults.add(
        Fault(kind="status", status=400, code=100, headers=business(call_count=90), path="/users")
    )
    with pytest.raises(Rejected):
        meta.destination.push(audience, "add", [member("ann")])
    assert isinstance(meta.destination, Paced)
    assert meta.destination.next_change_at() is not None
