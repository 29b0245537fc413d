"""What is particular to Meta: codes instead of statuses, counted rows, bounds."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from segmentloom_sync.destinations.base import AudienceList, Identifier, Member, Operation
from segmentloom_sync.errors import (
    ConfigError,
    CredentialsError,
    DestinationMissing,
    Rejected,
    SegmentloomError,
    Unavailable,
)
from segmentloom_sync.simulators import Fault
from tests.destinations.conftest import Pair, digest, keys, member
from tests.normalisation import VECTORS


def malformed(number: int) -> Member:
    return Member((Identifier("email", f"malformed {number}"),))


def refused_by_halving(pair: Pair, audience: AudienceList, members: Sequence[Member]) -> set[Identifier]:
    """What a caller does with rows that were counted and not named."""
    receipt = pair.destination.push(audience, "add", members)
    if receipt.unnamed_rejections == 0:
        return set(receipt.rejected)
    half = len(members) // 2
    first = refused_by_halving(pair, audience, members[:half])
    return first | refused_by_halving(pair, audience, members[half:])


def test_rows_that_are_counted_and_not_named_are_found_by_halving(meta: Pair) -> None:
    audience = meta.new_list()
    good = [member(str(number)) for number in range(20)]
    bad = [malformed(number) for number in range(9)]
    batch = [*good[:7], *bad[:5], *good[7:], *bad[5:]]
    receipt = meta.destination.push(audience, "add", batch)
    assert len(receipt.rejected) == 3
    assert receipt.unnamed_rejections == 6
    assert refused_by_halving(meta, audience, batch) == {person.identifiers[0] for person in bad}
    assert meta.holds(audience) == keys(*good)


def test_of_a_batch_of_one_the_refused_row_is_known(meta: Pair) -> None:
    audience = meta.new_list()
    answer = {"num_received": 1, "num_invalid_entries": 1, "invalid_entry_samples": {}}
    meta.simulator.faults.add(Fault(kind="status", status=200, body=json.dumps(answer), path="/users"))
    receipt = meta.destination.push(audience, "add", [member("ann")])
    assert set(receipt.rejected) == set(member("ann").identifiers)
    assert receipt.unnamed_rejections == 0


def test_a_count_that_does_not_fit_leaves_the_batch_unknown(meta: Pair) -> None:
    audience = meta.new_list()
    answer = {"num_received": 1, "num_invalid_entries": 0, "invalid_entry_samples": {}}
    meta.simulator.faults.add(Fault(kind="status", status=200, body=json.dumps(answer), path="/users"))
    receipt = meta.destination.push(audience, "add", [member("ann"), member("bob")])
    assert receipt.unknown == {*member("ann").identifiers, *member("bob").identifiers}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *[(code, Unavailable) for code in (1, 2, 4, 17, 32, 341, 613, 80003, 80004)],
        *[(code, CredentialsError) for code in (10, 102, 190, 200, 294)],
        *[(code, ConfigError) for code in (2650, 2654, 2655, 2663, 2635)],
        *[(code, Rejected) for code in (100, 368, 999)],
        (803, DestinationMissing),
    ],
)
@pytest.mark.parametrize("status", [400, 403])
def test_the_code_decides_and_not_the_status(
    meta: Pair, code: int, expected: type[SegmentloomError], status: int
) -> None:
    audience = meta.new_list()
    meta.simulator.faults.add(Fault(kind="status", status=status, code=code, path="/users"))
    with pytest.raises(expected) as caught:
        meta.destination.push(audience, "add", [member("ann")])
    assert type(caught.value) is expected


@pytest.mark.parametrize("subcode", [1713228, 1713230, 1713231])
@pytest.mark.parametrize("operation", ["add", "remove"])
def test_a_list_that_takes_no_uploads_is_not_for_its_members_to_answer(
    meta: Pair, subcode: int, operation: Operation
) -> None:
    audience = meta.new_list()
    body = json.dumps({"error": {"message": "x", "code": 100, "error_subcode": subcode}})
    meta.simulator.faults.add(Fault(kind="status", status=400, body=body, path="/users"))
    with pytest.raises(Rejected, match=f"no uploads to this list .code 100/{subcode}") as caught:
        meta.destination.push(audience, operation, [member("ann"), member("bob")])
    assert not caught.value.is_about_members
    assert "Ads Manager" in str(caught.value.hint)


def test_being_over_the_limit_waits_until_access_is_regained(meta: Pair) -> None:
    meta.simulator.calls.limit = 2  # type: ignore[attr-defined]  # only Meta's simulator counts calls
    audience = meta.new_list()
    meta.destination.push(audience, "add", [member("ann")])
    with pytest.raises(Unavailable) as caught:
        meta.destination.push(audience, "add", [member("bob")])
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 3600
    meta.clock.advance(caught.value.retry_after)
    meta.destination.push(audience, "add", [member("bob")])
    assert meta.holds(audience) == keys(member("ann"), member("bob"))


def test_the_accounts_usage_header_counts_too(meta: Pair) -> None:
    header = {"X-Ad-Account-Usage": '{"acc_id_util_pct": 100, "reset_time_duration": 120}'}
    meta.simulator.faults.add(Fault(kind="status", status=400, code=17, headers=header))
    with pytest.raises(Unavailable) as caught:
        meta.destination.find_list("Pricing intent")
    assert caught.value.retry_after == 120


def test_a_wait_that_what_sits_between_asks_for_is_kept(meta: Pair) -> None:
    meta.simulator.faults.add(Fault(kind="status", status=429, body="", headers={"Retry-After": "7"}))
    with pytest.raises(Unavailable) as caught:
        meta.destination.find_list("Pricing intent")
    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    "header",
    [
        "",
        "no json",
        "[1]",
        '{"1": 5}',
        '{"1": [5]}',
        '{"1": [{}]}',
        '{"1": [{"estimated_time_to_regain_access": "5"}]}',
        '{"acc_id_util_pct": null}',
        '{"acc_id_util_pct": 100, "reset_time_duration": null}',
        '{"1": [{"estimated_time_to_regain_access": NaN}]}',
        '{"1": [{"estimated_time_to_regain_access": 1e999}]}',
        '{"1": [{"estimated_time_to_regain_access": -5}]}',
        f'{{"1": [{{"estimated_time_to_regain_access": {10**400}}}]}}',
    ],
)
def test_a_usage_header_that_says_nothing_is_no_harm(meta: Pair, header: str) -> None:
    headers = {"X-Business-Use-Case-Usage": header, "X-Ad-Account-Usage": header}
    meta.simulator.faults.add(Fault(kind="status", status=429, body="{}", headers=headers))
    with pytest.raises(Unavailable) as caught:
        meta.destination.find_list("Pricing intent")
    assert caught.value.retry_after == 300


def test_bounds_are_reported_once_the_list_is_populated(meta: Pair) -> None:
    audience = meta.new_list()
    meta.destination.push(audience, "add", [member(str(number)) for number in range(1_000)])
    assert meta.destination.match_rates(audience) == ()
    meta.clock.advance(3_600)
    (rate,) = meta.destination.match_rates(audience)
    assert rate.kind == "bounds"
    assert rate.lower is not None
    assert rate.upper is not None
    matched = sum(meta.simulator.matching.knows(digest(str(number))) for number in range(1_000))
    assert rate.lower <= matched <= rate.upper


def test_two_lists_of_one_name_are_for_a_person_to_sort_out(meta: Pair) -> None:
    meta.new_list()
    meta.new_list()
    with pytest.raises(ConfigError, match="2 custom audiences"):
        meta.destination.find_list("Pricing intent")


def test_the_token_travels_in_the_header_and_a_removal_in_the_body(meta: Pair) -> None:
    audience = meta.new_list()
    meta.destination.push(audience, "remove", [member("ann")])
    request, _ = meta.simulator.requests[-1]
    assert request.method == "DELETE"
    assert request.query == {}
    assert request.bearer() == "simulator-token"
    assert digest("ann").encode() in request.body


def test_the_proof_is_that_of_the_official_client(meta: Pair) -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))["meta"]
    (vector,) = [row for row in vectors if row["field"] == "appsecret_proof"]
    meta.simulator.tokens.add(vector["access_token"])
    destination = meta.connect(access_token=vector["access_token"], app_secret=vector["app_secret"])
    destination.find_list("Pricing intent")
    request, _ = meta.simulator.requests[-1]
    assert request.query["appsecret_proof"] == vector["value"]


def test_each_batch_is_a_session_of_its_own(meta: Pair) -> None:
    audience = meta.new_list()
    for operation in ("add", "remove", "add"):
        meta.destination.push(audience, operation, [member("ann")])
    sessions = [
        json.loads(request.body)["session"]["session_id"]
        for request, _ in meta.simulator.requests
        if request.path.endswith("/users")
    ]
    assert len(set(sessions)) == 3
