"""A strict receiver of signed webhooks that keeps lists, as docs/webhook.md describes one."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from segmentloom_sync.simulators.clock import SimulatorClock
from segmentloom_sync.simulators.faults import Fault
from segmentloom_sync.simulators.lists import Key, Matching, SimulatedList
from segmentloom_sync.simulators.platform import Answer, Platform, Quota, Request, is_malformed

PATH = "/hooks/segmentloom"
SECRET = f"whsec_{base64.b64encode(b'simulator-signing-secret-of-40-bytes-...').decode()}"
ACCOUNT = "receiver"
TOLERANCE_SECONDS = 300
MAX_MEMBERS = 10_000
_TYPES = {"email", "phone"}
_HASH: Callable[[str], object] = re.compile("[0-9a-f]{64}").fullmatch
_ID: Callable[[str], object] = re.compile(r"msg_[0-9a-zA-Z]{16,64}").fullmatch


class _Refused(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class WebhookSimulator(Platform):
    """One receiver that finds, creates, fills and counts lists."""

    name: ClassVar[str] = "webhook"

    def __init__(self, *, clock: SimulatorClock, matching: Matching) -> None:
        super().__init__(clock=clock, matching=matching, first_list_id=1)
        self.tokens = {SECRET}
        """The signing secrets that it accepts."""
        self.calls = Quota(6_000, 60)
        self.is_plain = False
        """Whether it takes every event with a bare 204 and keeps lists by their names only."""
        self.repeats = 0
        """How many events arrived again under their id."""
        self._answered: dict[str, tuple[bytes, Answer]] = {}

    def settings(self) -> dict[str, Any]:
        """The block of segmentloom.yml that leads here."""
        return {
            "type": self.name,
            "base_url": f"{self.base_url}{PATH}",
            "signing_secret": SECRET,
            "allow_loopback": True,
        }

    def settle(self) -> None:
        """Lists keep their members."""

    def fault_answer(self, fault: Fault) -> Answer:
        """A scripted status with an error as JSON."""
        return Answer(fault.status, {"error": "Scripted."}, fault.headers)

    def answer(self, request: Request) -> Answer:
        """Answer an event; one that arrives again gets the answer that it got before, and changes nothing."""
        if request.path != PATH:
            return Answer(404, {"error": "no such path"})
        if request.method != "POST":
            return Answer(405, {"error": "POST only"})
        try:
            self._verify(request)
            webhook_id = request.headers["webhook-id"]
            before = self._answered.get(webhook_id)
            if before is not None:
                if before[0] != request.body:
                    raise _Refused(400, "this id was used for something else")
                self.repeats += 1
                return before[1]
            if not self.calls.take(self.clock.now()):
                wait = str(int(self.calls.wait(self.clock.now())) + 1)
                return Answer(429, {"error": "too many requests"}, {"Retry-After": wait})
            answer = self._route(request)
        except _Refused as refused:
            return Answer(refused.status, {"error": refused.text})
        self._answered[webhook_id] = (request.body, answer)
        return answer

    def _verify(self, request: Request) -> None:
        """Standard Webhooks: an HMAC over id, time and body, and a time near ours."""
        webhook_id = request.headers.get("webhook-id", "")
        timestamp = request.headers.get("webhook-timestamp", "")
        if not _ID(webhook_id) or not (timestamp.isascii() and timestamp.isdigit()):
            raise _Refused(401, "webhook-id and webhook-timestamp are required")
        if abs(int(timestamp) - self.clock.now().timestamp()) > TOLERANCE_SECONDS:
            raise _Refused(401, "webhook-timestamp is too far from now")
        signed = f"{webhook_id}.{timestamp}.".encode() + request.body
        wanted = [
            base64.b64encode(hmac.new(base64.b64decode(secret[6:]), signed, "sha256").digest()).decode()
            for secret in self.tokens
        ]
        given = [part.partition(",") for part in request.headers.get("webhook-signature", "").split(" ")]
        if not any(
            version == "v1" and hmac.compare_digest(signature, expected)
            for version, _, signature in given
            for expected in wanted
        ):
            raise _Refused(401, "webhook-signature does not fit")

    def _route(self, request: Request) -> Answer:
        kind, data = _event(request)
        if kind in ("list.find", "list.create"):
            return self._look_up(data) if kind == "list.find" else self._create(data)
        entry = self._known(data)
        if kind == "list.status":
            matched, submitted = self.matching.count(entry.members), len(entry.members)
            shown = {"id": entry.id, "matched": matched, "submitted": submitted}
            return Answer(204) if self.is_plain else Answer(200, {"list": shown})
        return self._change(entry, kind, data)

    def _look_up(self, data: dict[str, Any]) -> Answer:
        if self.is_plain:
            return Answer(204)
        name = _name(data)
        found = next((entry.id for entry in self.lists if entry.name == name), None)
        return Answer(200, {"list": {"id": found} if found else None})

    def _create(self, data: dict[str, Any]) -> Answer:
        created = self.lists.create(_name(data), ACCOUNT, self.clock.now(), {})
        return Answer(200, {"list": {"id": created.id}})

    def _known(self, data: dict[str, Any]) -> SimulatedList:
        name, described = _name(data), data["list"]
        if self.is_plain:
            found = next((entry for entry in self.lists if entry.name == name), None)
            return found or self.lists.create(name, ACCOUNT, self.clock.now(), {})
        if set(described) != {"id", "name"}:
            raise _Refused(400, "list needs id and name")
        entry = self.lists.get(described["id"])
        if entry is None:
            raise _Refused(410, "the list is gone")
        return entry

    def _change(self, entry: SimulatedList, kind: str, data: dict[str, Any]) -> Answer:
        members = data.get("members")
        if not isinstance(members, list) or not 1 <= len(members) <= MAX_MEMBERS:
            raise _Refused(422, f"members are 1 to {MAX_MEMBERS}")
        now, rejected = self.clock.now(), []
        for position, member in enumerate(members):
            keys = None if is_malformed(position, self.half_invalid) else _keys(member)
            if keys is None:
                rejected.append({"member": position, "reason": "malformed"})
            elif kind == "members.add":
                entry.add(keys, now)
            else:
                entry.remove(keys)
        entry.uploads.append((now, len(members) - len(rejected)))
        if self.is_plain:
            return Answer(204)
        return Answer(200, {"accepted": len(members) - len(rejected), "rejected": rejected})


def _event(request: Request) -> tuple[str, dict[str, Any]]:
    """The event's type and data."""
    if request.headers.get_content_type() != "application/json":
        raise _Refused(415, "the body must be application/json")
    try:
        event = json.loads(request.body)
        datetime.fromisoformat(event["timestamp"])
        kind, data = event["type"], event["data"]
    except (ValueError, KeyError, TypeError):
        raise _Refused(400, "the body is no event") from None
    kinds = {"list.find", "list.create", "list.status", "members.add", "members.remove"}
    if kind not in kinds or event.get("api_version") != "v1" or len(event) != 4:
        raise _Refused(400, "unknown type, version or key")
    if not isinstance(data, dict) or not isinstance(data.get("list"), dict):
        raise _Refused(400, "data needs list")
    return kind, data


def _name(data: dict[str, Any]) -> str:
    name = data["list"].get("name")
    if not isinstance(name, str) or not name:
        raise _Refused(400, "list needs a name")
    return name


def _keys(member: Any) -> list[Key] | None:
    """The identifiers of a member; None when one is malformed."""
    entries = member.get("identifiers") if isinstance(member, dict) else None
    if not isinstance(entries, list) or not entries or not all(map(_is_identifier, entries)):
        return None
    return [Key(entry["type"], entry["value"]) for entry in entries]


def _is_identifier(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and set(entry) == {"type", "value"}
        and entry["type"] in _TYPES
        and isinstance(entry["value"], str)
        and bool(_HASH(entry["value"]))
    )
