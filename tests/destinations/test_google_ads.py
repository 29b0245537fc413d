"""What is particular to Google: consent, terms, renewal, later answers, match ranges."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from segmentloom_sync import simulators
from segmentloom_sync.destinations.base import MatchRate, Member
from segmentloom_sync.errors import ConfigError, CredentialsError, Rejected, Unavailable
from segmentloom_sync.simulators import Fault, Matching, SimulatorClock
from tests.destinations.conftest import START, Pair, digest, keys, member


def test_only_members_with_consent_count_and_the_others_are_reported_later(google: Pair) -> None:
    audience = google.new_list()
    granted, unknown = member("ann"), Member(member("bob").identifiers)
    denied = Member(member("eve").identifiers, consent="denied")
    receipt = google.destination.push(audience, "add", [granted, unknown, denied])
    assert receipt.is_pending
    assert receipt.request_id
    assert google.destination.request_status(receipt.request_id).state == "processing"
    google.clock.advance(1_800)
    status = google.destination.request_status(receipt.request_id)
    assert status.state == "partial"
    assert status.failed_count == 2
    assert status.reasons == {"NO_CONSENT": 1, "DENIED_CONSENT": 1}
    assert google.holds(audience) == keys(granted)


@pytest.mark.parametrize(("setting", "state"), [("granted", "succeeded"), ("denied", "failed")])
def test_the_configured_consent_stands_for_all(google: Pair, setting: str, state: str) -> None:
    destination = google.connect(consent=setting)
    audience = google.new_list()
    receipt = destination.push(audience, "add", [Member(member("ann").identifiers, consent="granted")])
    google.clock.advance(1_800)
    assert destination.request_status(str(receipt.request_id)).state == state


def test_a_removal_needs_neither_consent_nor_terms(google: Pair) -> None:
    audience = google.new_list()
    google.destination.push(audience, "add", [member("ann")])
    without = google.connect(terms_accepted=False, consent="denied")
    with pytest.raises(ConfigError, match="terms"):
        without.push(audience, "add", [member("bob")])
    receipt = without.push(audience, "remove", [Member(member("ann").identifiers)])
    assert google.holds(audience) == set()
    google.clock.advance(1_800)
    assert without.request_status(str(receipt.request_id)).state == "succeeded"


def test_match_rates_are_reported_as_they_are(clock: SimulatorClock) -> None:
    people = [member(str(number)) for number in range(200)]
    known = frozenset(digest(str(number)) for number in range(90))
    with simulators.running(["google_ads"], clock=clock, matching=Matching(known=known)) as sims:
        google = Pair(sims["google_ads"], clock)
        audience = google.new_list()
        assert google.destination.match_rates(audience) == ()
        receipt = google.destination.push(audience, "add", people)
        google.clock.advance(1_800)
        status = google.destination.request_status(str(receipt.request_id))
        assert status.match_rates == (
            MatchRate("range", "uploadMatchRateRange", lower=41, upper=50, submitted=200),
        )
        (rate,) = google.destination.match_rates(audience)
        assert (rate.kind, rate.lower, rate.upper) == ("percent", 45, 45)


def test_too_few_records_have_no_range(google: Pair) -> None:
    receipt = google.destination.push(google.new_list(), "add", [member("ann")])
    google.clock.advance(1_800)
    assert google.destination.request_status(str(receipt.request_id)).match_rates == ()


def test_members_are_forgotten_540_days_after_they_were_last_added(google: Pair) -> None:
    audience = google.new_list()
    google.destination.push(audience, "add", [member("ann"), member("bob")])
    google.clock.advance(timedelta(days=500).total_seconds())
    google.destination.push(audience, "add", [member("ann")])
    google.clock.advance(timedelta(days=41).total_seconds())
    assert google.holds(audience) == keys(member("ann"))


def test_an_access_token_is_renewed_before_it_ends(google: Pair) -> None:
    google.new_list()
    google.clock.advance(3_580)
    google.destination.find_list("Pricing intent")
    assert google.simulator.counts["POST token 200"] == 2
    assert not any("401" in line for line in google.simulator.counts)


def test_a_token_that_is_refused_is_renewed_once(google: Pair) -> None:
    google.new_list()
    google.simulator.tokens.clear()
    assert google.destination.find_list("Pricing intent")
    assert google.simulator.counts["GET userLists 401"] == 1


def test_a_token_server_that_is_down_is_no_matter_of_credentials(google: Pair) -> None:
    google.simulator.faults.add(Fault(kind="status", status=503, path="/token"))
    with pytest.raises(Unavailable, match="token server"):
        google.destination.find_list("Pricing intent")


def test_every_malformed_member_of_a_batch_is_named(google: Pair) -> None:
    audience = google.new_list()
    google.simulator.faults.add(Fault(kind="half_invalid", path="audienceMembers"))
    with pytest.raises(Rejected) as caught:
        google.destination.push(audience, "add", [member(str(number)) for number in range(7)])
    assert caught.value.bad_positions == {0, 2, 4, 6}
    assert google.holds(audience) == set()


def test_quotas_say_when_they_end(google: Pair) -> None:
    google.simulator.writes.limit = 1  # type: ignore[attr-defined]  # only Google's simulator has this quota
    created = google.destination.create_list("Pricing intent", ("email",))
    with pytest.raises(Unavailable) as caught:
        google.destination.push(created, "add", [member("ann")])
    assert caught.value.retry_after == 60
    daily = {"quota_limit": "IngestionMutateRequestsPerDayPerProject"}
    detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "X", "metadata": daily}
    body = json.dumps({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [detail]}})
    google.simulator.faults.add(Fault(kind="status", status=429, body=body))
    with pytest.raises(Unavailable) as caught:
        google.destination.push(created, "add", [member("ann")])
    # Midnight in California is 08:00 UTC in November.
    until = (START.replace(hour=8) + timedelta(days=1) - google.clock.now()).total_seconds()
    assert caught.value.retry_after == until


def test_lists_of_one_name_cannot_be_made_twice(google: Pair) -> None:
    google.new_list()
    with pytest.raises(Rejected, match="DISPLAY_NAME_ALREADY_USED"):
        google.new_list()


def test_no_access_to_the_account_is_a_matter_of_credentials(google: Pair) -> None:
    google.simulator.faults.add(Fault(kind="status", status=403, path="userLists"))
    with pytest.raises(CredentialsError, match="account"):
        google.destination.find_list("Pricing intent")


def test_terms_that_were_not_signed_are_for_a_person_to_sign(google: Pair) -> None:
    violation = {"field": "terms_of_service", "reason": "TERMS_AND_CONDITIONS_NOT_SIGNED"}
    detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    body = json.dumps({"error": {"code": 400, "details": [detail]}})
    audience = google.new_list()
    google.simulator.faults.add(Fault(kind="status", status=400, body=body))
    with pytest.raises(ConfigError, match="terms"):
        google.destination.push(audience, "add", [member("ann")])


@pytest.fixture(scope="module")
def private_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.mark.parametrize("as_file", [True, False])
def test_a_service_account_signs_its_request_for_a_token(
    google: Pair, private_key: RSAPrivateKey, tmp_path: Path, as_file: bool
) -> None:
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    text = json.dumps({"client_email": "sync@project.iam.example", "private_key": pem})
    file = tmp_path / "key.json"
    file.write_text(text)
    credentials = {"service_account_file": str(file)} if as_file else {"service_account_key": text}
    destination = google.connect(credentials=credentials)
    assert destination.find_list("Pricing intent") is None
    token_request = next(request for request, _ in google.simulator.requests if request.path == "/token")
    assertion = parse_qs(token_request.body.decode())["assertion"][0]
    signed, _, signature = assertion.rpartition(".")
    private_key.public_key().verify(decoded(signature), signed.encode(), PKCS1v15(), SHA256())
    claims = json.loads(decoded(signed.partition(".")[2]))
    assert claims["iss"] == "sync@project.iam.example"
    assert claims["aud"] == f"{google.simulator.base_url}/token"
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["scope"].endswith("/datamanager")


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("text", ["no json", "[]", "{}", '{"client_email": "a", "private_key": "b"}'])
def test_a_broken_service_account_key_is_said_to_be_broken(google: Pair, text: str) -> None:
    with pytest.raises(ConfigError, match="key"):
        google.connect(credentials={"service_account_key": text})


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"client_id": "a"},
        {"service_account_key": "a", "service_account_file": "b"},
        {"service_account_key": "a", "x": 1},
    ],
)
def test_credentials_are_of_one_complete_kind(google: Pair, credentials: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="credentials"):
        google.connect(credentials=credentials)
