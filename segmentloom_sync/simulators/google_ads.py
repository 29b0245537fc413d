"""A strict look-alike of Google's Data Manager API v1, with its token server."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from segmentloom_sync.simulators import google_messages as messages
from segmentloom_sync.simulators import google_status as status_of
from segmentloom_sync.simulators.clock import SimulatorClock
from segmentloom_sync.simulators.faults import Fault
from segmentloom_sync.simulators.google_errors import error, refused
from segmentloom_sync.simulators.google_lists import UserLists
from segmentloom_sync.simulators.google_rules import (
    LIST_SECONDS,
    MAX_DESTINATIONS,
    Row,
    Violation,
    request_violations,
    rows,
)
from segmentloom_sync.simulators.lists import Matching, SimulatedList
from segmentloom_sync.simulators.platform import Answer, Platform, Quota, Request, is_malformed

ACCOUNT = "1234567890"
REFRESH_TOKEN = "simulator-refresh-token"  # noqa: S105 (it opens nothing but a simulator)
TOKEN_SECONDS = 3599
PROCESSING_SECONDS = 600
KEPT_DAYS = 50
_LISTS = re.compile(r"/v1/accountTypes/GOOGLE_ADS/accounts/(\d+)/userLists(?:/(\d+))?")


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A request that was taken, and what becomes of it."""

    accepted_at: datetime
    statuses: list[dict[str, Any]]


class GoogleAdsSimulator(Platform):
    """Ingestion, request status and user lists of one Google Ads account."""

    name: ClassVar[str] = "google_ads"

    def __init__(self, *, clock: SimulatorClock, matching: Matching) -> None:
        super().__init__(clock=clock, matching=matching, first_list_id=8_800_000_001)
        self.refresh_tokens = {REFRESH_TOKEN}
        self.writes = Quota(300, 60)
        self.reads = Quota(300, 60)
        self._user_lists = UserLists(self.lists, matching, clock)
        self._accepted: dict[str, _Accepted] = {}
        self._ends: dict[str, datetime] = {}

    def settings(self) -> dict[str, Any]:
        """The block of segmentloom.yml that leads here."""
        return {
            "type": self.name,
            "account_id": ACCOUNT,
            "credentials": {
                "client_id": "simulator",
                "client_secret": "simulator",
                "refresh_token": REFRESH_TOKEN,
            },
            "terms_accepted": True,
            "base_url": self.base_url,
            "token_url": f"{self.base_url}/token",
        }

    def revoke(self) -> None:
        """Refuse every token, and every refresh token."""
        super().revoke()
        self.refresh_tokens.clear()

    def settle(self) -> None:
        """Forget members that were last added longer ago than the list keeps them."""
        for entry in self.lists:
            seconds = float(entry.details.get("membershipDuration", f"{LIST_SECONDS}s").removesuffix("s"))
            oldest = self.clock.now() - timedelta(seconds=seconds)
            entry.remove([key for key, added_at in entry.members.items() if added_at < oldest])

    def fault_answer(self, fault: Fault) -> Answer:
        """A scripted status as a google.rpc.Status."""
        return error(fault.status, "Scripted.", headers=fault.headers)

    def answer(self, request: Request) -> Answer:
        """Answer as the API would; messages that do not parse answer 400."""
        if request.path == "/token" and request.method == "POST":
            return self._token(request)
        token = request.bearer()
        if token not in self.tokens or self._ends.get(str(token), self.clock.now()) < self.clock.now():
            return error(401, "Request had invalid authentication credentials.", "ACCESS_TOKEN_EXPIRED")
        quota = self.reads if request.method == "GET" else self.writes
        if not quota.take(self.clock.now()):
            kind = "Read" if request.method == "GET" else "Mutate"
            limit = f"Ingestion{kind}RequestsPerMinutePerProject"
            return error(429, "Quota exceeded.", "RATE_LIMIT_EXCEEDED", metadata={"quota_limit": limit})
        try:
            return self._route(request)
        except messages.MessageError as problem:
            return error(400, f"Invalid JSON payload received. {problem}")
        except ValueError:
            return error(400, "Invalid JSON payload received.")

    def _route(self, request: Request) -> Answer:
        if match := _LISTS.fullmatch(request.path):
            return self._user_lists.answer(request, match[1], match[2])
        match (request.method, request.path):
            case ("POST", "/v1/audienceMembers:ingest"):
                return self._change(messages.parse(messages.INGEST, request.json()), is_ingest=True)
            case ("POST", "/v1/audienceMembers:remove"):
                return self._change(messages.parse(messages.REMOVE, request.json()), is_ingest=False)
            case ("POST", "/v1/audienceMembers:removeAll"):
                return self._remove_all(messages.parse(messages.REMOVE_ALL, request.json()))
            case ("GET", "/v1/requestStatus:retrieve"):
                return self._request_status(request.query.get("requestId", ""))
        return error(404, "Method not found.")

    def _token(self, request: Request) -> Answer:
        form = dict(parse_qsl(request.body.decode()))
        is_user = (
            form.get("grant_type") == "refresh_token" and form.get("refresh_token") in self.refresh_tokens
        )
        is_service = form.get("grant_type", "").endswith(":jwt-bearer") and bool(self.refresh_tokens)
        if not (is_user or (is_service and form.get("assertion", "").count(".") == 2)):
            return Answer(400, {"error": "invalid_grant", "error_description": "Token has been revoked."})
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        self._ends[token] = self.clock.now() + timedelta(seconds=TOKEN_SECONDS)
        return Answer(200, {"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"})

    def _change(self, body: dict[str, Any], *, is_ingest: bool) -> Answer:
        targets, violations = self._targets(body)
        violations += request_violations(body, is_ingest=is_ingest)
        members = body.get("audienceMembers", [])
        malformed = frozenset(
            position for position in range(len(members)) if is_malformed(position, self.half_invalid)
        )
        if not violations:
            found, violations = rows(body, malformed)
        if violations:
            return refused(violations)
        if body.get("validateOnly"):
            return Answer(200, {})
        statuses = []
        for destination, target in targets:
            chosen = [
                row for row, member in zip(found, members, strict=True) if _goes_to(member, destination)
            ]
            statuses.append(self._apply(destination, target, chosen, members, is_ingest=is_ingest))
        return self._accept(statuses)

    def _targets(
        self, body: dict[str, Any]
    ) -> tuple[list[tuple[dict[str, Any], SimulatedList]], list[Violation]]:
        """The lists that a request is for."""
        destinations = body.get("destinations", [])
        references = [destination["reference"] for destination in destinations if "reference" in destination]
        targets, found = [], []
        if not destinations:
            found.append(Violation("destinations", "At least one is required.", "REQUIRED_FIELD_MISSING"))
        if len(destinations) > MAX_DESTINATIONS:
            found.append(Violation("destinations", "At most 10.", "TOO_MANY_DESTINATIONS"))
        if len(references) != len(set(references)):
            found.append(Violation("destinations", "Same reference.", "DUPLICATE_DESTINATION_REFERENCE"))
        for index, destination in enumerate(destinations):
            account = destination.get("operatingAccount", {})
            kind = account.get("accountType", account.get("product"))
            target = self.lists.get(destination.get("productDestinationId", ""))
            if kind != "GOOGLE_ADS":
                found.append(Violation(f"destinations[{index}]", "No such account.", "INVALID_DESTINATION"))
            elif target is None or target.account != account.get("accountId"):
                found.append(Violation(f"destinations[{index}]", "No such list.", "INVALID_USER_LIST_ID"))
            else:
                targets.append((destination, target))
        return targets, found

    def _apply(
        self,
        destination: dict[str, Any],
        target: SimulatedList,
        chosen: Sequence[Row],
        members: Sequence[dict[str, Any]],
        *,
        is_ingest: bool,
    ) -> dict[str, Any]:
        now = self.clock.now()
        used = [row for row in chosen if not is_ingest or row.consent == "granted"]
        for row in used:
            if is_ingest:
                target.add(row.keys, now)
            else:
                target.remove(row.keys)
        kind = "compositeData" if members and "compositeData" in members[0] else "userData"
        if is_ingest:
            target.uploads.append((now, len(used)))
            return status_of.ingestion(destination, chosen, kind, self.matching)
        return status_of.removal(destination, chosen, kind)

    def _remove_all(self, body: dict[str, Any]) -> Answer:
        targets, violations = self._targets(body)
        now = self.clock.now()
        moment = datetime.fromisoformat(body["removeAsOfTime"]) if "removeAsOfTime" in body else now
        if moment > now:
            violations.append(Violation("remove_as_of_time", "In the future.", "INVALID_REMOVE_AS_OF_TIME"))
        if violations:
            return refused(violations)
        if body.get("validateOnly"):
            return Answer(200, {})
        for _, target in targets:
            target.remove([key for key, added_at in target.members.items() if added_at < moment])
        return self._accept([status_of.everything_removed(destination) for destination, _ in targets])

    def _accept(self, statuses: list[dict[str, Any]]) -> Answer:
        request_id = secrets.token_hex(16)
        self._accepted[request_id] = _Accepted(self.clock.now(), statuses)
        return Answer(200, {"requestId": request_id})

    def _request_status(self, request_id: str) -> Answer:
        accepted = self._accepted.get(request_id)
        if accepted is None:
            return refused([Violation("request_id", "Unknown.", "INVALID_REQUEST_ID")])
        age = self.clock.now() - accepted.accepted_at
        if age > timedelta(days=KEPT_DAYS):
            return refused([Violation("request_id", "Too old.", "REQUEST_TOO_OLD")])
        statuses = accepted.statuses
        if age < timedelta(seconds=PROCESSING_SECONDS):
            statuses = [
                {"destination": entry["destination"], "requestStatus": "PROCESSING"} for entry in statuses
            ]
        return Answer(200, {"requestStatusPerDestination": statuses})


def _goes_to(member: dict[str, Any], destination: dict[str, Any]) -> bool:
    references = member.get("destinationReferences")
    return not references or destination.get("reference") in references
