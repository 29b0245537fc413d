"""What is particular to TikTok: errors under HTTP 200, whole batches refused, the count of covered users."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import requests

from segmentloom_sync.destinations.base import AudienceList, Identifier, MatchRate, Member, RequestStatus
from segmentloom_sync.errors import (
    ConfigError,
    CredentialsError,
    DestinationMissing,
    Rejected,
    SegmentloomError,
    Unavailable,
)
from segmentloom_sync.simulators import Fault
from segmentloom_sync.sync.interrupt import Interrupt
from segmentloom_sync.sync.push import BatchPush
from segmentloom_sync.sync.retry import Attempts
from tests.destinations.conftest import Pair, digest, keys, member

ADVERTISER = "7000000000001"
MAPPING = "segment/mapping"


def scripted(pair: Pair, code: int, **answer: Any) -> SegmentloomError:
    """What the next mapping raises when TikTok answers with this code."""
    audience = pair.new_list()
    pair.simulator.faults.add(Fault(kind="status", path=MAPPING, status=200, code=code, **answer))
    with pytest.raises(SegmentloomError) as caught:
        pair.destination.push(audience, "add", [member("ann")])
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (40100, Unavailable),
        (40132, Unavailable),
        (40202, Unavailable),
        (50000, Unavailable),
        (50002, Unavailable),
        (51003, Unavailable),
        (40102, CredentialsError),
        (40105, CredentialsError),
        (40001, CredentialsError),
        (40118, CredentialsError),
        (40130, CredentialsError),
        (40006, ConfigError),
        (40007, DestinationMissing),
        (40002, Rejected),
        (40062, Rejected),
        (40400, Rejected),
        (49999, Rejected),
    ],
)
def test_the_code_decides_under_http_200(tiktok: Pair, code: int, kind: type[SegmentloomError]) -> None:
    error = scripted(tiktok, code)
    assert type(error) is kind
    assert str(code) in error.message or kind is DestinationMissing


def test_only_faults_of_its_own_may_have_been_applied(tiktok: Pair) -> None:
    for code, is_open in ((40100, False), (40202, False), (50000, True), (50002, True)):
        error = scripted(tiktok, code)
        assert isinstance(error, Unavailable)
        assert error.applied_unknown is is_open


def test_only_what_rows_can_cause_is_about_members(tiktok: Pair) -> None:
    for code, about in ((40002, True), (40061, True), (40062, True), (40400, False), (40502, False)):
        error = scripted(tiktok, code)
        assert isinstance(error, Rejected)
        assert error.is_about_members is about


def test_a_wait_that_is_named_is_kept(tiktok: Pair) -> None:
    error = scripted(tiktok, 40100, headers={"Retry-After": "7"})
    assert isinstance(error, Unavailable)
    assert error.retry_after == 7


def test_a_retired_version_is_for_the_caller_to_change(tiktok: Pair) -> None:
    with pytest.raises(ConfigError, match="api_version"):
        tiktok.connect(api_version="v1.2").find_list("Pricing intent")


def test_another_advertiser_is_a_matter_of_credentials(tiktok: Pair) -> None:
    with pytest.raises(CredentialsError, match="ad account"):
        tiktok.connect(advertiser_id="1").find_list("Pricing intent")


def test_the_calls_of_a_minute_are_limited(tiktok: Pair) -> None:
    audience = tiktok.new_list()
    tiktok.simulator.calls.limit = tiktok.simulator.calls.used  # type: ignore[attr-defined]  # of TikTok's only
    with pytest.raises(Unavailable) as caught:
        tiktok.destination.push(audience, "add", [member("ann")])
    assert not caught.value.applied_unknown
    tiktok.clock.advance(60)
    tiktok.destination.push(audience, "add", [member("ann")])
    assert tiktok.holds(audience) == keys(member("ann"))


def test_a_bad_row_refuses_the_batch_and_nothing_is_applied(tiktok: Pair) -> None:
    audience = tiktok.new_list()
    bad = Member((Identifier("email", "ANN@EXAMPLE.COM"),))
    with pytest.raises(Rejected, match="40062") as caught:
        tiktok.destination.push(audience, "add", [member("ann"), bad])
    assert caught.value.is_about_members
    assert not caught.value.bad_positions
    assert "EXAMPLE" not in str(caught.value)
    assert tiktok.holds(audience) == set()


def test_a_batch_done_in_part_is_to_be_halved_and_a_single_member_is_named(tiktok: Pair) -> None:
    audience = tiktok.new_list()
    tiktok.simulator.partly = True  # type: ignore[attr-defined]  # of TikTok's simulator only
    receipt = tiktok.destination.push(audience, "add", [member("ann"), member("bob")])
    assert receipt.unnamed_rejections > 0
    assert tiktok.holds(audience) == keys(member("ann"))
    tiktok.simulator.faults.add(Fault(kind="status", path=MAPPING, status=200, code=20001))
    receipt = tiktok.destination.push(audience, "add", [member("bob")])
    assert set(receipt.rejected) == set(member("bob").identifiers)
    assert receipt.unnamed_rejections == 0


@pytest.mark.parametrize("code", [False, "0", None, 0.0])
def test_an_envelope_without_a_whole_code_is_none(tiktok: Pair, code: Any) -> None:
    audience = tiktok.new_list()
    body = json.dumps({"code": code, "message": "OK", "data": {}})
    tiktok.simulator.faults.add(Fault(kind="status", status=200, body=body, path=MAPPING))
    with pytest.raises(Unavailable, match="form") as caught:
        tiktok.destination.push(audience, "add", [member("ann")])
    assert caught.value.applied_unknown


@pytest.mark.parametrize("way", ["a malformed row", "done in part"])
def test_the_runner_finds_the_one_row_that_a_refusal_is_about(tiktok: Pair, way: str) -> None:
    audience = tiktok.new_list()
    bad = Member((Identifier("email", "no hash"),))
    good = [member(str(number)) for number in range(20)]
    if way == "done in part":
        tiktok.simulator.faults.add(Fault(kind="status", path=MAPPING, status=200, code=20001))
    attempts = Attempts(tiktok.clock, 0, lambda: None, Interrupt())
    push = BatchPush(tiktok.destination, audience, "add", attempts, frozenset, frozenset())
    assert push.send([*good[:7], bad, *good[7:]]) is None
    assert set(push.outcome.rejected) == set(bad.identifiers)
    assert tiktok.holds(audience) == keys(*good)


def test_rows_are_aligned_to_the_schema(tiktok: Pair) -> None:
    audience = tiktok.new_list()
    people = [
        member("ann", "+1650", "+1651"),
        Member((Identifier("phone", digest("+1652")),)),
        member("bob"),
    ]
    receipt = tiktok.destination.push(audience, "add", people)
    request, _ = tiktok.simulator.requests[-1]
    body = request.json()
    assert body["id_schema"] == ["EMAIL_SHA256", "PHONE_SHA256"]
    assert [[bool(cell) for cell in row] for row in body["batch_data"]] == [
        [True, True],
        [False, True],
        [False, True],
        [True, False],
    ]
    assert tiktok.holds(audience) == keys(*people)
    assert receipt.request_id
    assert not receipt.is_pending
    assert tiktok.destination.request_status(receipt.request_id) == RequestStatus("succeeded")


def test_two_lists_of_one_name_are_for_the_caller_to_tell_apart(tiktok: Pair) -> None:
    for _ in range(2):
        tiktok.destination.create_list("Pricing intent", ("email",))
    with pytest.raises(ConfigError, match="2 audiences"):
        tiktok.destination.find_list("Pricing intent")


def test_the_covered_users_are_reported_once_they_are_counted(tiktok: Pair) -> None:
    audience = tiktok.new_list()
    tiktok.destination.push(audience, "add", [member(str(number)) for number in range(500)])
    assert tiktok.destination.match_rates(audience) == ()
    tiktok.clock.advance(timedelta(days=2).total_seconds())
    covered = sum(tiktok.simulator.matching.knows(digest(str(number))) for number in range(500))
    assert tiktok.destination.match_rates(audience) == (MatchRate("counts", "cover_num", matched=covered),)


def test_a_list_of_another_id_is_not_taken_for_ours(tiktok: Pair) -> None:
    other = {"audience_id": "1", "name": "x", "cover_num": 5}
    body = json.dumps({"code": 0, "data": {"list": [other], "page_info": {"total_page": 1}}})
    tiktok.simulator.faults.add(Fault(kind="status", status=200, body=body, path="list"))
    with pytest.raises(DestinationMissing):
        tiktok.destination.match_rates(AudienceList("2", "Pricing intent"))


class TestTheSimulatorIsStrict:
    """What it refuses, with the code that TikTok's own client names for it."""

    def call(self, pair: Pair, path: str, body: Any = None, **changes: Any) -> int:
        """The code of an answer to a POST of JSON, or to a GET when there is no body."""
        headers = {"Access-Token": "simulator-token", **changes.pop("headers", {})}
        url = f"{pair.simulator.base_url}/open_api/{changes.pop('version', 'v1.3')}/{path}"
        if body is None:
            answer = requests.get(url, headers=headers, timeout=5, **changes)
        else:
            answer = requests.post(url, json=body, headers=headers, timeout=5, **changes)
        assert answer.status_code == 200
        code: int = answer.json()["code"]
        assert set(answer.json()) == {"code", "message", "request_id", "data"}
        return code

    def mapping(self, pair: Pair, **changes: Any) -> int:
        """The code of a mapping of one good row, with some of it changed."""
        listed = pair.destination.find_list("Strict") or pair.new_list("Strict")
        body = {
            "advertiser_ids": [ADVERTISER],
            "action": "add",
            "id_schema": ["EMAIL_SHA256"],
            "batch_data": [[{"id": digest("ann"), "audience_ids": [listed.id]}]],
            **changes,
        }
        return self.call(pair, "segment/mapping/", body)

    def test_a_good_mapping_passes(self, tiktok: Pair) -> None:
        assert self.mapping(tiktok) == 0

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"advertiser_ids": []}, 40002),
            ({"advertiser_ids": ["1"]}, 40001),
            ({"advertiser_ids": [int(ADVERTISER)]}, 40002),
            ({"action": "remove"}, 40002),
            ({"id_schema": []}, 40002),
            ({"id_schema": ["EMAIL"]}, 40002),
            ({"id_schema": ["EMAIL_SHA256", "EMAIL_SHA256"]}, 40002),
            ({"id_schema": ["EMAIL_SHA256", "PHONE_SHA256"]}, 40002),
            ({"batch_data": []}, 40002),
            ({"batch_data": [[{}]]}, 40002),
            ({"batch_data": [[{"id": digest("ann")}]]}, 40002),
            ({"batch_data": [[{"id": digest("ann"), "audience_ids": []}]]}, 40002),
            ({"batch_data": [[{"id": digest("ann"), "audience_ids": ["1"]}]]}, 40007),
            ({"batch_data": [[{"id": digest("ann").upper(), "audience_ids": ["1"]}]]}, 40062),
            ({"batch_data": [[{"id": "ann@example.com", "audience_ids": ["1"]}]]}, 40062),
            ({"batch_data": [[{"id": digest("ann"), "audience_ids": ["1"]}]] * 1001}, 40061),
        ],
    )
    def test_a_wrong_mapping_is_refused(self, tiktok: Pair, changes: dict[str, Any], code: int) -> None:
        assert self.mapping(tiktok, **changes) == code

    def test_a_wrong_request_is_refused(self, tiktok: Pair) -> None:
        listing = "dmp/custom_audience/list/"
        mine = {"advertiser_id": ADVERTISER}
        assert self.call(tiktok, listing, params=mine) == 0
        assert self.call(tiktok, "dmp/custom_audience/list", params=mine) == 40400
        assert self.call(tiktok, listing, params=mine, version="v1.2") == 40006
        assert self.call(tiktok, listing, params=mine, headers={"Access-Token": ""}) == 40104
        assert self.call(tiktok, listing, params=mine, headers={"Access-Token": "Bearer x"}) == 40105
        assert self.call(tiktok, listing) == 40002
        assert self.call(tiktok, listing, params={**mine, "page_size": "101"}) == 40002
        assert self.call(tiktok, listing, params={**mine, "custom_audience_ids": "1"}) == 40002
        assert self.call(tiktok, "segment/audience/", {**mine, "action": "create"}) == 40002
        assert self.call(tiktok, "segment/audience/", {**mine, "action": "make"}) == 40002
        assert self.call(tiktok, "campaign/create/", mine) == 40400

    def test_an_advertiser_has_at_most_400_audiences(self, tiktok: Pair) -> None:
        for number in range(400):
            tiktok.simulator.lists.create(str(number), ADVERTISER, tiktok.clock.now(), {})
        with pytest.raises(Rejected, match="40002"):
            tiktok.destination.create_list("One too many", ("email",))
