"""What is particular to LinkedIn: an answer per element, versions, kinds of 429, lists that appear late."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from segmentloom_sync.destinations.base import MatchRate, Operation
from segmentloom_sync.errors import ConfigError, CredentialsError, DestinationMissing, Rejected, Unavailable
from segmentloom_sync.simulators import Fault
from tests.destinations.conftest import START, Pair, digest, keys, member

ACCOUNT = "urn:li:sponsoredAccount:512345678"


def answering(pair: Pair, elements: list[Any]) -> None:
    """Make the next upload answer this."""
    body = json.dumps({"elements": elements})
    pair.simulator.faults.add(Fault(kind="status", status=200, body=body, path="/users"))


def test_a_new_list_answers_404_for_a_while(linkedin: Pair) -> None:
    audience = linkedin.destination.create_list("Pricing intent", ("email",))
    with pytest.raises(Unavailable) as caught:
        linkedin.destination.push(audience, "add", [member("ann")])
    assert caught.value.retry_after == 5
    linkedin.clock.advance(5)
    linkedin.destination.push(audience, "add", [member("ann")])
    assert linkedin.holds(audience) == keys(member("ann"))


def test_a_new_list_that_never_appears_is_gone(linkedin: Pair) -> None:
    linkedin.simulator.appears_seconds = 10_000  # type: ignore[attr-defined]  # of LinkedIn's simulator only
    audience = linkedin.destination.create_list("Pricing intent", ("email",))
    linkedin.clock.advance(121)
    with pytest.raises(DestinationMissing):
        linkedin.destination.push(audience, "add", [member("ann")])


def test_a_list_that_was_noted_lately_is_waited_for_by_another_process_too(linkedin: Pair) -> None:
    created = linkedin.destination.create_list("Pricing intent", ("email",))
    linkedin.simulator.appears_seconds = 10_000  # type: ignore[attr-defined]  # of LinkedIn's simulator only
    later = linkedin.connect()
    found = later.find_list("Pricing intent")
    assert found is not None
    noted = replace(found, noted_at=linkedin.clock.now())
    for seconds in (0, 119):
        linkedin.clock.advance(seconds)
        for audience in (created, noted):
            with pytest.raises(Unavailable, match="yet") as caught:
                later.match_rates(audience)
            assert caught.value.retry_after == 5
    linkedin.clock.advance(1)
    for audience in (created, noted, found):
        with pytest.raises(DestinationMissing):
            later.push(audience, "add", [member("ann")])


def test_a_path_that_linkedin_does_not_have_is_a_matter_of_the_base_url(linkedin: Pair) -> None:
    with pytest.raises(Rejected, match="404") as caught:
        linkedin.connect(base_url=f"{linkedin.simulator.base_url}/wrong").find_list("Pricing intent")
    assert caught.value.hint == "check base_url"
    assert not caught.value.is_about_members


def test_each_element_has_an_outcome_of_its_own(linkedin: Pair) -> None:
    audience = linkedin.new_list()
    statuses = (201, 400, 429, 500, 200, 422, 404, 426, 302, 204)
    people = [member(str(number)) for number in range(len(statuses))]
    answering(linkedin, [{"status": status} for status in statuses])
    receipt = linkedin.destination.push(audience, "add", people)
    outcome = {person.identifiers[0]: status for person, status in zip(people, statuses, strict=True)}
    assert dict(receipt.rejected) == {
        identifier: f"status {status}" for identifier, status in outcome.items() if status in (400, 422)
    }
    assert {outcome[identifier] for identifier in receipt.unknown} == {429, 500, 404, 426, 302}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("operation", ["add", "remove"])
def test_an_element_that_is_refused_for_who_we_are_rejects_nobody(
    linkedin: Pair, status: int, operation: Operation
) -> None:
    audience = linkedin.new_list()
    answering(linkedin, [{"status": 201}, {"status": 400}, {"status": status}])
    with pytest.raises(CredentialsError):
        linkedin.destination.push(audience, operation, [member("ann"), member("bob"), member("cat")])


def test_positions_are_taken_from_the_answer_where_it_has_them(linkedin: Pair) -> None:
    audience = linkedin.new_list()
    people = [member(str(number)) for number in range(3)]
    order = ((2, 400), (0, 201), (1, 201))
    answering(linkedin, [{"status": status, "batchIndex": position} for position, status in order])
    receipt = linkedin.destination.push(audience, "add", people)
    assert set(receipt.rejected) == set(people[2].identifiers)


@pytest.mark.parametrize("elements", [[], [{"status": 201}], [{"status": "201"}] * 2, [201, 201]])
def test_an_answer_that_does_not_fit_the_batch_leaves_it_unknown(linkedin: Pair, elements: list[Any]) -> None:
    audience = linkedin.new_list()
    people = [member("ann"), member("bob")]
    answering(linkedin, elements)
    receipt = linkedin.destination.push(audience, "add", people)
    assert receipt.unknown == {person.identifiers[0] for person in people}


def test_a_retired_version_is_for_the_caller_to_change(linkedin: Pair) -> None:
    with pytest.raises(ConfigError, match="api_version"):
        linkedin.connect(api_version="202501").find_list("Pricing intent")


def test_429_is_a_minutes_quota_and_then_a_days(linkedin: Pair) -> None:
    linkedin.simulator.faults.add(Fault(kind="status", status=429, count=5))
    waits = []
    for _ in range(5):
        with pytest.raises(Unavailable) as caught:
            linkedin.destination.find_list("Pricing intent")
        waits.append(caught.value.retry_after)
    midnight = (START.replace(hour=0) + timedelta(days=1) - START).total_seconds()
    assert waits == [60, 60, 60, midnight, midnight]
    assert linkedin.destination.find_list("Pricing intent") is None
    linkedin.simulator.faults.add(Fault(kind="status", status=429))
    with pytest.raises(Unavailable) as caught:
        linkedin.destination.find_list("Pricing intent")
    assert caught.value.retry_after == 60


def test_the_uploads_of_a_minute_are_limited(linkedin: Pair) -> None:
    linkedin.simulator.uploads.limit = 1  # type: ignore[attr-defined]  # of LinkedIn's simulator only
    audience = linkedin.new_list()
    linkedin.destination.push(audience, "add", [member("ann")])
    with pytest.raises(Unavailable):
        linkedin.destination.push(audience, "add", [member("bob")])
    linkedin.clock.advance(60)
    linkedin.destination.push(audience, "add", [member("bob")])
    assert linkedin.holds(audience) == keys(member("ann"), member("bob"))


def test_too_many_segments_is_final(linkedin: Pair) -> None:
    for number in range(1_000):
        linkedin.simulator.lists.create(str(number), ACCOUNT, linkedin.clock.now(), {})
    with pytest.raises(Rejected, match="segments"):
        linkedin.destination.create_list("One too many", ("email",))


def test_matched_and_submitted_are_reported_once_the_segment_is_built(linkedin: Pair) -> None:
    audience = linkedin.new_list()
    linkedin.destination.push(audience, "add", [member(str(number)) for number in range(500)])
    assert linkedin.destination.match_rates(audience) == ()
    linkedin.clock.advance(timedelta(days=2).total_seconds())
    matched = sum(linkedin.simulator.matching.knows(digest(str(number))) for number in range(500))
    assert linkedin.destination.match_rates(audience) == (
        MatchRate("counts", "matchedCount/inputCount", matched=matched, submitted=500),
    )


def test_a_segment_that_nothing_touches_for_90_days_loses_its_members(linkedin: Pair) -> None:
    audience = linkedin.new_list()
    linkedin.destination.push(audience, "add", [member("ann")])
    linkedin.clock.advance(timedelta(days=89).total_seconds())
    assert linkedin.holds(audience)
    linkedin.clock.advance(timedelta(days=1).total_seconds())
    assert not linkedin.holds(audience)


def test_of_segments_of_one_name_ours_is_found(linkedin: Pair) -> None:
    linkedin.simulator.lists.create("Pricing intent", ACCOUNT, linkedin.clock.now(), {})
    created = linkedin.new_list()
    assert linkedin.destination.find_list("Pricing intent") == created


@pytest.mark.parametrize("details", [{"type": "COMPANY"}, {"sourcePlatform": "ANOTHER"}])
def test_a_segment_of_companies_or_of_another_sync_is_not_ours(
    linkedin: Pair, details: dict[str, Any]
) -> None:
    linkedin.new_list("Another")
    [own] = linkedin.simulator.lists
    linkedin.simulator.lists.create(
        "Pricing intent", ACCOUNT, linkedin.clock.now(), {**own.details, **details}
    )
    assert linkedin.destination.find_list("Pricing intent") is None


def test_a_refused_token_is_renewed_once_where_it_can_be(linkedin: Pair) -> None:
    renewal = {"refresh_token": "simulator-refresh-token", "client_id": "a", "client_secret": "b"}
    destination = linkedin.connect(access_token="expired", **renewal)
    assert destination.find_list("Pricing intent") is None
    assert linkedin.simulator.counts["POST accessToken 200"] == 1
    with pytest.raises(CredentialsError):
        linkedin.connect(access_token="expired").find_list("Pricing intent")


@pytest.mark.parametrize(
    "changes", [{"access_token": None}, {"refresh_token": "a"}, {"access_token": None, "client_id": "a"}]
)
def test_settings_need_a_token_or_what_makes_one(linkedin: Pair, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="access_token"):
        linkedin.connect(**changes)
