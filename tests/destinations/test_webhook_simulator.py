"""The simulated receiver of webhooks is strict."""

from __future__ import annotations

import json
import time
from typing import Any

import requests
from pydantic import SecretStr

from segmentloom_sync.destinations.webhook_signature import sign
from segmentloom_sync.simulators.webhook import SECRET
from tests.destinations.conftest import Pair


class TestTheSimulatorIsStrict:
    """What it refuses, and with which status."""

    def post(
        self, pair: Pair, *, at: int = 0, path: str = "", body: Any = None, **headers: str | None
    ) -> int:
        """The status of an answer to an event that is signed rightly, save for what is changed."""
        event = {
            "type": "list.find",
            "api_version": "v1",
            "timestamp": pair.clock.now().isoformat(),
            "data": {"list": {"name": "x"}},
        }
        text = json.dumps({**event, **(body or {})}).encode() if not isinstance(body, bytes) else body
        moment = int(pair.clock.now().timestamp()) + at
        webhook_id = f"msg_{time.monotonic_ns():024}"
        sent: dict[str, str | None] = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(moment),
            "webhook-signature": sign([SecretStr(SECRET)], webhook_id, moment, text),
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        url = f"{pair.simulator.settings()['base_url']}{path}"
        kept = {name: value for name, value in sent.items() if value is not None}
        return requests.post(url, data=text, headers=kept, timeout=5).status_code

    def test_a_good_event_passes(self, webhook: Pair) -> None:
        assert self.post(webhook) == 200
        assert self.post(webhook, at=300) == 200
        assert self.post(webhook, at=-300) == 200

    def test_a_wrong_signature_is_401(self, webhook: Pair) -> None:
        assert self.post(webhook, at=301) == 401
        assert self.post(webhook, at=-301) == 401
        assert self.post(webhook, webhook_signature=None) == 401
        assert self.post(webhook, webhook_signature="v1,AAAA") == 401
        assert self.post(webhook, webhook_id="msg_0000000000000000") == 401
        assert self.post(webhook, webhook_id=None) == 401
        assert self.post(webhook, webhook_timestamp="1764072000") == 401
        assert self.post(webhook, webhook_timestamp="noon") == 401

    def test_a_changed_body_is_401(self, webhook: Pair) -> None:
        webhook.destination.find_list("Pricing intent")
        request, _ = webhook.simulator.requests[-1]
        body = request.body.replace(b"Pricing", b"pricing")
        names = ("webhook-id", "webhook-timestamp", "webhook-signature", "Content-Type")
        headers = {name: str(request.headers[name]) for name in names}
        url = str(webhook.simulator.settings()["base_url"])
        assert requests.post(url, data=body, headers=headers, timeout=5).status_code == 401
        assert requests.post(url, data=request.body, headers=headers, timeout=5).status_code == 200

    def test_an_id_is_for_one_event(self, webhook: Pair) -> None:
        mine = "msg_0123456789abcdef"
        now = int(webhook.clock.now().timestamp())
        for name, status in (("x", 200), ("x", 200), ("y", 400)):
            event = {"type": "list.create", "api_version": "v1", "timestamp": "2026-11-25T12:00:00+00:00"}
            text = json.dumps({**event, "data": {"list": {"name": name}}}).encode()
            headers = {
                "webhook-id": mine,
                "webhook-timestamp": str(now),
                "webhook-signature": sign([SecretStr(SECRET)], mine, now, text),
                "Content-Type": "application/json",
            }
            url = str(webhook.simulator.settings()["base_url"])
            assert requests.post(url, data=text, headers=headers, timeout=5).status_code == status
        assert [entry.name for entry in webhook.simulator.lists] == ["x"]

    def test_a_wrong_event_is_refused(self, webhook: Pair) -> None:
        assert self.post(webhook, body=b"{") == 400
        assert self.post(webhook, body={"type": "list.guess"}) == 400
        assert self.post(webhook, body={"api_version": "v2"}) == 400
        assert self.post(webhook, body={"more": 1}) == 400
        assert self.post(webhook, body={"timestamp": "noon"}) == 400
        assert self.post(webhook, body={"data": {}}) == 400
        assert self.post(webhook, body={"data": {"list": {}}}) == 400
        assert self.post(webhook, Content_Type="text/plain") == 415
        assert self.post(webhook, path="/other") == 404
        listed = webhook.new_list()
        about = {"list": {"id": listed.id, "name": listed.name}}
        assert self.post(webhook, body={"type": "members.add", "data": about}) == 422
        assert self.post(webhook, body={"type": "members.add", "data": {**about, "members": []}}) == 422
        unknown = {"list": {"id": "77", "name": "x"}, "members": [{}]}
        assert self.post(webhook, body={"type": "members.add", "data": unknown}) == 410
