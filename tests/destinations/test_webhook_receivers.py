"""Receivers other than the simulator: one that answers 204 only, and the documentation's example."""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import SecretStr

from segmentloom_sync.destinations.base import AudienceList
from segmentloom_sync.destinations.clock import SystemClock
from segmentloom_sync.destinations.webhook import Webhook
from segmentloom_sync.destinations.webhook_signature import sign
from segmentloom_sync.errors import CredentialsError
from segmentloom_sync.simulators.webhook import SECRET
from tests.destinations.conftest import Pair, keys, member

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "webhook_receiver.py"
OTHER_SECRET = f"whsec_{'A' * 32}"


class TestPlainReceivers:
    """One that answers 204 to everything keeps no lists of its own."""

    def test_the_name_is_the_id(self, webhook: Pair) -> None:
        webhook.simulator.is_plain = True  # type: ignore[attr-defined]  # of this simulator only
        audience = webhook.destination.find_list("Pricing intent")
        assert audience == AudienceList("Pricing intent", "Pricing intent")
        receipt = webhook.destination.push(audience, "add", [member("ann"), member("bob")])
        assert not receipt.rejected
        assert not receipt.unknown
        webhook.destination.push(audience, "remove", [member("ann")])
        held = webhook.simulator.members(webhook.simulator.list_id("Pricing intent"))
        assert held == keys(member("bob"))
        assert webhook.destination.match_rates(audience) == ()


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """docs/examples/webhook_receiver.py, loaded as a user's program."""
    spec = importlib.util.spec_from_file_location("webhook_receiver", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def receiver(example: ModuleType) -> Iterator[Any]:
    server = example.Receiver(SECRET, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


class TestTheExampleReceiver:
    """The one in the documentation, run as it is."""

    def connect(self, receiver: Any, secret: str = SECRET) -> Webhook:
        settings = {
            "type": "webhook",
            "base_url": f"http://127.0.0.1:{receiver.server_address[1]}",
            "signing_secret": secret,
            "allow_loopback": True,
        }
        return Webhook(Webhook.Settings.model_validate(settings), clock=SystemClock())  # type: ignore[arg-type]

    def test_it_takes_what_is_signed(self, receiver: Any) -> None:
        destination = self.connect(receiver)
        audience = destination.find_list("Pricing intent")
        assert audience is not None
        destination.push(audience, "add", [member("ann", "+1650"), member("bob")])
        destination.push(audience, "remove", [member("bob")])
        assert receiver.lists == {"Pricing intent": keys(member("ann", "+1650"))}

    def test_it_refuses_what_is_not(self, receiver: Any) -> None:
        with pytest.raises(CredentialsError):
            self.connect(receiver, OTHER_SECRET).find_list("Pricing intent")
        assert receiver.taken == set()

    def test_it_looks_at_every_part_that_is_signed(self, example: ModuleType) -> None:
        now, body = 1_764_072_000, b'{"type":"members.add"}'
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(now),
            "webhook-signature": sign([SecretStr(OTHER_SECRET), SecretStr(SECRET)], "msg_1", now, body),
        }
        assert example.is_genuine(SECRET, headers, body, now + 299)
        assert not example.is_genuine(SECRET, headers, body, now + 301)
        assert not example.is_genuine(SECRET, headers, body, now - 301)
        assert not example.is_genuine(SECRET, headers, body + b" ", now)
        assert not example.is_genuine(SECRET, {**headers, "webhook-id": "msg_2"}, body, now)
        assert not example.is_genuine(SECRET, {**headers, "webhook-timestamp": str(now + 1)}, body, now)
        assert not example.is_genuine(SECRET, {**headers, "webhook-signature": ""}, body, now)
        assert not example.is_genuine(f"whsec_{'B' * 32}", headers, body, now)

    def test_the_documentation_shows_its_check_as_it_is(self) -> None:
        source = EXAMPLE.read_text()
        check = re.search(r"^def is_genuine.*?(?=^\n\nclass )", source, re.MULTILINE | re.DOTALL)
        assert check is not None
        assert check[0].strip() in (ROOT / "docs" / "webhook.md").read_text()
