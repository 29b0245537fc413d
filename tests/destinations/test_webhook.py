"""What is particular to the webhook: signatures, ids of batches, outcomes, receivers that keep no lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr

from segmentloom_sync.destinations.base import AudienceList, MatchRate
from segmentloom_sync.destinations.webhook import Webhook
from segmentloom_sync.destinations.webhook_signature import sign
from segmentloom_sync.errors import (
    ConfigError,
    CredentialsError,
    DestinationMissing,
    Rejected,
    Unavailable,
)
from segmentloom_sync.simulators import Fault
from segmentloom_sync.simulators.webhook import SECRET
from tests.destinations.conftest import Pair, digest, keys, member

OTHER_SECRET = f"whsec_{'A' * 32}"


def answering(pair: Pair, body: Any, **fault: Any) -> None:
    """Make the next answer this one."""
    text = body if isinstance(body, str) else json.dumps(body)
    pair.simulator.faults.add(Fault.model_validate({"kind": "status", "status": 200, "body": text, **fault}))


def sent_ids(pair: Pair) -> list[str]:
    """The ids of the latest requests about members, oldest first."""
    return [
        str(request.headers["webhook-id"])
        for request, _ in pair.simulator.requests
        if b'"members.' in request.body
    ]


class TestSignature:
    """Standard Webhooks."""

    def test_it_is_that_of_the_specifications_sample(self) -> None:
        # The sample of the libraries of standardwebhooks.com.
        secret = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        signature = sign([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
        assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    def test_another_secret_is_refused(self, webhook: Pair) -> None:
        with pytest.raises(CredentialsError, match="signature"):
            webhook.connect(signing_secret=OTHER_SECRET).find_list("Pricing intent")

    def test_while_a_secret_is_replaced_either_opens(self, webhook: Pair) -> None:
        renewed = webhook.connect(signing_secret=OTHER_SECRET, former_signing_secret=SECRET)
        assert renewed.find_list("Pricing intent") is None
        webhook.simulator.tokens = {OTHER_SECRET}
        assert renewed.find_list("Pricing intent") is None

    @pytest.mark.parametrize(
        "secret", ["whsec_", "whsec_c2hvcnQ=", f"whsec_{'A' * 92}", "A" * 32, "whsec_????", ""]
    )
    def test_a_secret_of_another_form_is_refused_and_not_shown(self, webhook: Pair, secret: str) -> None:
        with pytest.raises(ValueError, match="signing_secret") as caught:
            webhook.connect(signing_secret=secret)
        assert len(secret) < 10 or secret not in str(caught.value)


class TestIds:
    """A batch keeps its id while it is repeated, and no longer."""

    def test_every_batch_has_an_id_of_its_own(self, webhook: Pair) -> None:
        audience = webhook.new_list()
        for operation in ("add", "remove", "add"):
            webhook.destination.push(audience, operation, [member("ann")])
        assert len(set(sent_ids(webhook))) == 3
        assert webhook.holds(audience) == keys(member("ann"))

    def test_a_batch_whose_answer_was_lost_is_repeated_under_its_id(self, webhook: Pair) -> None:
        audience = webhook.new_list()
        webhook.simulator.faults.add(Fault(kind="reset", when="after"))
        with pytest.raises(Unavailable):
            webhook.destination.push(audience, "add", [member("ann")])
        webhook.clock.advance(600)
        receipt = webhook.destination.push(audience, "add", [member("ann")])
        first, second = webhook.simulator.requests[-2][0], webhook.simulator.requests[-1][0]
        assert first.headers["webhook-id"] == second.headers["webhook-id"] == receipt.request_id
        assert first.body == second.body
        assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
        assert webhook.simulator.repeats == 1  # type: ignore[attr-defined]  # of this simulator only

    def test_after_another_batch_the_same_content_is_new(self, webhook: Pair) -> None:
        # Else the receiver would take the second addition for a repetition, and the person would stay out.
        audience = webhook.new_list()
        webhook.simulator.faults.add(Fault(kind="reset", when="after"))
        with pytest.raises(Unavailable):
            webhook.destination.push(audience, "add", [member("ann")])
        webhook.destination.push(audience, "remove", [member("ann")])
        webhook.destination.push(audience, "add", [member("ann")])
        assert len(set(sent_ids(webhook))) == 3
        assert webhook.holds(audience) == keys(member("ann"))


class TestOutcomes:
    """What a receiver may say of each member."""

    def test_each_member_can_have_one(self, webhook: Pair) -> None:
        audience = webhook.new_list()
        people = [member(str(number)) for number in range(4)]
        answering(
            webhook,
            {"accepted": 2, "rejected": [{"member": 1, "reason": "no_such_customer"}], "unknown": [3]},
        )
        receipt = webhook.destination.push(audience, "add", people)
        assert dict(receipt.rejected) == {people[1].identifiers[0]: "no_such_customer"}
        assert receipt.unknown == set(people[3].identifiers)

    @pytest.mark.parametrize(
        "outcomes",
        [
            {},
            {"accepted": 1},
            {"accepted": 3},
            {"accepted": True, "rejected": [{"member": 0}]},
            {"accepted": 1, "rejected": [{"member": 2}]},
            {"accepted": 1, "rejected": [{"member": -1}]},
            {"accepted": 1, "rejected": [{"member": 0}, {"member": 0}]},
            {"accepted": 1, "rejected": [{"member": 0}], "unknown": [0]},
            {"accepted": 0, "rejected": [{"member": 0}]},
            {"accepted": 1, "rejected": "all"},
            {"accepted": 1, "rejected": [], "unknown": ["1"]},
        ],
    )
    def test_one_that_does_not_account_for_everybody_leaves_all_unknown(
        self, webhook: Pair, outcomes: dict[str, Any]
    ) -> None:
        audience = webhook.new_list()
        people = [member("ann"), member("bob")]
        answering(webhook, outcomes)
        assert webhook.destination.push(audience, "add", people).unknown == keys(*people)

    @pytest.mark.parametrize("reason", ["ann@example.com is bad", digest("ann"), 7, None, "Ann", "a" * 41])
    def test_a_reason_that_may_quote_the_person_is_not_passed_on(self, webhook: Pair, reason: Any) -> None:
        audience = webhook.new_list()
        answering(webhook, {"accepted": 0, "rejected": [{"member": 0, "reason": reason}]})
        receipt = webhook.destination.push(audience, "add", [member("ann")])
        assert list(receipt.rejected.values()) == ["refused by the receiver"]

    def test_members_can_be_named_as_what_a_refusal_is_about(self, webhook: Pair) -> None:
        audience = webhook.new_list()
        answering(webhook, {"rejected": [{"member": 1}]}, status=422)
        with pytest.raises(Rejected) as caught:
            webhook.destination.push(audience, "add", [member("ann"), member("bob")])
        assert caught.value.bad_positions == {1}
        assert caught.value.is_about_members

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_redirect_is_named_and_not_followed(self, webhook: Pair, status: int) -> None:
        audience = webhook.new_list()
        answering(webhook, "", status=status, headers={"Location": "http://169.254.169.254/"})
        with pytest.raises(Rejected, match="redirect") as caught:
            webhook.destination.push(audience, "add", [member("ann")])
        assert not caught.value.is_about_members

    def test_a_conflict_is_in_doubt(self, webhook: Pair) -> None:
        audience = webhook.new_list()
        answering(webhook, "", status=409)
        with pytest.raises(Unavailable) as caught:
            webhook.destination.push(audience, "add", [member("ann")])
        assert caught.value.applied_unknown

    def test_an_answer_that_is_too_long_is_cut(self, webhook: Pair) -> None:
        audience = webhook.new_list()
        answering(webhook, " " * (4 * 1024 * 1024 + 1))
        with pytest.raises(Unavailable) as caught:
            webhook.destination.push(audience, "add", [member("ann")])
        assert caught.value.applied_unknown

    def test_it_counts_what_the_receiver_counts(self, webhook: Pair) -> None:
        audience = webhook.new_list()
        webhook.destination.push(audience, "add", [member(str(number)) for number in range(50)])
        matched = sum(webhook.simulator.matching.knows(digest(str(number))) for number in range(50))
        [rate] = webhook.destination.match_rates(audience)
        assert rate == MatchRate("counts", "matched/submitted", matched=matched, submitted=50)
        answering(webhook, {"list": None})
        with pytest.raises(DestinationMissing):
            webhook.destination.match_rates(audience)
        answering(webhook, {"list": {"id": audience.id}})
        assert webhook.destination.match_rates(audience) == ()

    @pytest.mark.parametrize(
        "described", [{}, {"id": ""}, {"id": True}, {"id": "a\nb"}, {"id": "a" * 201}, 7]
    )
    def test_a_list_without_a_usable_id_is_none_of_ours(self, webhook: Pair, described: Any) -> None:
        answering(webhook, {"list": described})
        with pytest.raises(Unavailable, match="form"):
            webhook.destination.find_list("Pricing intent")


class TestSettings:
    """What the block may say."""

    def test_plain_http_needs_a_word(self, webhook: Pair) -> None:
        with pytest.raises(ValueError, match="allow_loopback"):
            webhook.connect(allow_loopback=False)

    def test_this_machine_needs_a_word_with_https_too(self, webhook: Pair) -> None:
        for host in ("127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"):
            destination = webhook.connect(allow_loopback=False, base_url=f"https://{host}:9/hook")
            with pytest.raises(ConfigError, match="loopback"):
                destination.find_list("Pricing intent")

    def test_a_private_host_is_refused_even_then(self, webhook: Pair) -> None:
        for host in ("10.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "[::ffff:10.0.0.1]", "[::]"):
            destination = webhook.connect(base_url=f"https://{host}/hook")
            with pytest.raises(ConfigError, match="not connected to") as caught:
                destination.push(AudienceList("1", "x"), "add", [member("ann")])
            assert digest("ann") not in str(caught.value)

    def test_secrets_are_in_no_text(self, webhook: Pair) -> None:
        settings = Webhook.Settings.model_validate(webhook.simulator.settings())
        assert SECRET not in f"{settings!r} {settings}"
