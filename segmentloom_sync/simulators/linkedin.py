"""A strict look-alike of LinkedIn's DMP segments, with its token server."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from segmentloom_sync.simulators.clock import SimulatorClock
from segmentloom_sync.simulators.faults import Fault
from segmentloom_sync.simulators.lists import Key, Matching, SimulatedList
from segmentloom_sync.simulators.platform import TOKEN, Answer, Platform, Quota, Request, is_malformed

ACCOUNT = "512345678"
REFRESH_TOKEN = "simulator-refresh-token"  # noqa: S105 (it opens nothing but a simulator)
VERSIONS = tuple(f"2026{month:02}" for month in range(1, 9))
MAX_ELEMENTS = 5_000
MAX_SEGMENTS = 1_000
ENOUGH_TO_SERVE = 300
APPEARS_SECONDS = 5
BUILT = timedelta(hours=24)
COUNTED = timedelta(days=7)
ARCHIVED = timedelta(days=30)
EXPIRED = timedelta(days=90)
_PATH = re.compile(r"/rest/dmpSegments(?:/(\d+))?(?:/(users|destinations/LINKEDIN))?")
_LENGTHS = {"firstName": 35, "lastName": 35, "title": 50}
_HEX = {"SHA256_EMAIL": 64, "SHA512_EMAIL": 128}


class LinkedInSimulator(Platform):
    """The user segments of ad accounts."""

    name: ClassVar[str] = "linkedin"

    def __init__(self, *, clock: SimulatorClock, matching: Matching) -> None:
        super().__init__(clock=clock, matching=matching, first_list_id=10_804)
        self.refresh_tokens = {REFRESH_TOKEN}
        self.uploads = Quota(600, 60)
        self.appears_seconds = APPEARS_SECONDS
        """How long a new segment answers 404."""

    def settings(self) -> dict[str, Any]:
        """The block of segmentloom.yml that leads here."""
        return {
            "type": self.name,
            "ad_account_id": ACCOUNT,
            "access_token": TOKEN,
            "base_url": self.base_url,
            "token_url": f"{self.base_url}/oauth/v2/accessToken",
        }

    def revoke(self) -> None:
        """Refuse every token, and every refresh token."""
        super().revoke()
        self.refresh_tokens.clear()

    def settle(self) -> None:
        """A segment that nothing touched for 90 days loses its members."""
        for entry in self.lists:
            if entry.touched_at and self.clock.now() - entry.touched_at >= EXPIRED:
                entry.members.clear()

    def fault_answer(self, fault: Fault) -> Answer:
        """A scripted status in the shape of LinkedIn's errors."""
        return _error(fault.status, "Scripted.", headers=fault.headers)

    def answer(self, request: Request) -> Answer:
        """Answer as the API would."""
        if request.path == "/oauth/v2/accessToken" and request.method == "POST":
            return self._token(request)
        if request.bearer() not in self.tokens:
            return _error(401, "Invalid access token", "INVALID_ACCESS_TOKEN", service_code=65600)
        version = request.headers.get("LinkedIn-Version")
        if version is None:
            return _error(400, "A version must be present.", "VERSION_MISSING")
        if version not in VERSIONS:
            return _error(426, f"Requested version {version[:10]} is not active", "NONEXISTENT_VERSION")
        match = _PATH.fullmatch(request.path)
        if match is None:
            return _error(404, "No such resource.", "RESOURCE_NOT_FOUND")
        try:
            return self._route(request, match[1], match[2])
        except ValueError:
            return _error(400, "The body is no JSON.", "BAD_REQUEST")

    def _route(self, request: Request, list_id: str | None, rest: str | None) -> Answer:
        if list_id is None:
            return self._list(request) if request.method == "GET" else self._create(request)
        entry = self.lists.get(list_id)
        age = self.clock.now() - entry.created_at if entry else timedelta()
        if entry is None or age < timedelta(seconds=self.appears_seconds):
            return _error(404, "No such segment.", "RESOURCE_NOT_FOUND")
        match (request.method, rest):
            case ("GET", None):
                return Answer(200, self._segment(entry))
            case ("GET", "destinations/LINKEDIN"):
                return Answer(200, self._destination(entry))
            case ("DELETE", None):
                self.lists.delete(list_id)
                return Answer(204)
            case ("POST", "users"):
                return self._users(request, entry)
        return _error(405, "Not allowed.", "METHOD_NOT_ALLOWED")

    def _token(self, request: Request) -> Answer:
        form = dict(parse_qsl(request.body.decode()))
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") not in self.refresh_tokens:
            return Answer(400, {"error": "invalid_grant", "error_description": "The token was revoked."})
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return Answer(200, {"access_token": token, "expires_in": 5_184_000})

    def _create(self, request: Request) -> Answer:
        body = request.json()
        if not isinstance(body, dict) or not body.get("name") or body.get("type") not in ("USER", "COMPANY"):
            return _error(400, "name and type are required.", "BAD_REQUEST")
        account = str(body.get("account", ""))
        destinations = body.get("destinations")
        if not account.startswith("urn:li:sponsoredAccount:") or destinations != [
            {"destination": "LINKEDIN"}
        ]:
            return _error(400, "account and destinations are required.", "BAD_REQUEST")
        if len(self.lists.of(account)) >= MAX_SEGMENTS:
            return _error(429, "Too many segments.", "SEGMENT_LIMIT_EXCEEDED")
        details = {key: body[key] for key in ("sourcePlatform", "sourceSegmentId", "type") if key in body}
        entry = self.lists.create(body["name"], account, self.clock.now(), details)
        return Answer(201, None, {"x-restli-id": entry.id, "x-linkedin-id": entry.id})

    def _list(self, request: Request) -> Answer:
        query = request.query
        if query.get("q") != "account" or "account" not in query:
            return _error(400, "The finder is account.", "BAD_REQUEST")
        entries = [
            entry
            for entry in self.lists.of(query["account"])
            if query.get("sourceSegmentId") in (None, entry.details.get("sourceSegmentId"))
        ]
        start, count = int(query.get("start", 0)), min(int(query.get("count", 10)), 100)
        page = entries[start : start + count]
        return Answer(
            200,
            {
                "paging": {"start": start, "count": count, "links": [], "total": len(entries)},
                "elements": [self._segment(entry) for entry in page],
            },
        )

    def _users(self, request: Request, entry: SimulatedList) -> Answer:
        if request.headers.get("X-RestLi-Method", "").upper() != "BATCH_CREATE":
            return _error(400, "X-RestLi-Method must be BATCH_CREATE.", "BAD_REQUEST")
        if not self.uploads.take(self.clock.now()):
            return _error(429, "Resource level throttle limit reached.", "TOO_MANY_REQUESTS")
        body = request.json()
        elements = body.get("elements") if isinstance(body, dict) else None
        if not isinstance(elements, list) or not 1 <= len(elements) <= MAX_ELEMENTS:
            return _error(400, f"1 to {MAX_ELEMENTS} elements.", "BAD_REQUEST")
        answers, added = [], 0
        for position, element in enumerate(elements):
            problem = "Malformed." if is_malformed(position, self.half_invalid) else _problem(element)
            if problem:
                answers.append({"status": 400, "error": {"status": 400, "message": problem}})
                continue
            answers.append({"status": 201})
            keys = [Key(_TYPES[user["idType"]], user["idValue"]) for user in element.get("userIds", [])]
            if element["action"] == "ADD":
                entry.add(keys, self.clock.now())
                added += 1
            else:
                entry.remove(keys)
        entry.touched_at = self.clock.now()
        entry.uploads.append((entry.touched_at, added))
        return Answer(200, {"elements": answers}, {"x-li-uuid": secrets.token_urlsafe(12)})

    def _segment(self, entry: SimulatedList) -> dict[str, Any]:
        since = self.clock.now() - COUNTED
        return {
            "id": int(entry.id),
            "name": entry.name,
            "account": entry.account,
            **entry.details,
            "inputCount": sum(count for moment, count in entry.uploads if moment >= since),
            "destinations": [self._destination(entry)],
        }

    def _destination(self, entry: SimulatedList) -> dict[str, Any]:
        status = self._status(entry)
        shown: dict[str, Any] = {
            "destination": "LINKEDIN",
            "destinationSegmentId": f"urn:li:adSegment:{entry.id}",
            "status": status,
            "created": int(entry.created_at.timestamp() * 1000),
        }
        if status in {"READY", "UPDATING", "ARCHIVED"}:
            shown["matchedCount"] = self.matching.count(entry.members)
            if shown["matchedCount"] >= ENOUGH_TO_SERVE:
                shown["audienceSize"] = shown["matchedCount"]
        return shown

    def _status(self, entry: SimulatedList) -> str:
        """What the time since the first and the last upload makes of a segment."""
        now = self.clock.now()
        if entry.touched_at is None or now - entry.uploads[0][0] < BUILT:
            return "BUILDING"
        idle = now - entry.touched_at
        for status, limit in (("UPDATING", BUILT), ("READY", ARCHIVED), ("ARCHIVED", EXPIRED)):
            if idle < limit:
                return status
        return "EXPIRED"


_TYPES = {"SHA256_EMAIL": "email", "SHA512_EMAIL": "email_sha512", "GOOGLE_AID": "mobile_id"}


def _problem(element: Any) -> str | None:
    """Why an element of a batch is refused; None when it is not."""
    if not isinstance(element, dict) or element.get("action") not in ("ADD", "REMOVE"):
        return "action must be ADD or REMOVE."
    users = element.get("userIds", [])
    if not users and not (element.get("firstName") and element.get("lastName")):
        return "userIds or both names are required."
    if any(len(str(element.get(name, ""))) > limit for name, limit in _LENGTHS.items()):
        return "A text is too long."
    if not isinstance(users, list) or not all(map(_is_user_id, users)):
        return "A user id is malformed."
    return None


def _is_user_id(user: Any) -> bool:
    if not isinstance(user, dict) or not isinstance(user.get("idValue"), str):
        return False
    kind, value = user.get("idType"), user["idValue"]
    fits: Callable[[str], object] = re.compile("[0-9a-f]*").fullmatch
    return kind == "GOOGLE_AID" or (kind in _HEX and len(value) == _HEX[kind] and bool(fits(value)))


def _error(
    status: int,
    message: str,
    code: str | None = None,
    *,
    service_code: int | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    body: dict[str, Any] = {"status": status, "message": message}
    if code:
        body["code"] = code
    if service_code:
        body["serviceErrorCode"] = service_code
    return Answer(status, body, headers or {})
