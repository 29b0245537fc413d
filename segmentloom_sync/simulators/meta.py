"""A strict look-alike of Meta's Graph API for custom audiences."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from segmentloom_sync.simulators import meta_rows
from segmentloom_sync.simulators.clock import SimulatorClock
from segmentloom_sync.simulators.faults import Fault
from segmentloom_sync.simulators.lists import Matching, SimulatedList
from segmentloom_sync.simulators.platform import TOKEN, Answer, Platform, Quota, Request, is_malformed

ACCOUNT = "act_1029384756"
VERSIONS = ("v24.0", "v25.0", "v26.0")
POPULATED_SECONDS = 3600
NO_SUCH_OBJECT = (100, 33)
_SOURCES = {"USER_PROVIDED_ONLY", "PARTNER_PROVIDED_ONLY", "BOTH_USER_AND_PARTNER_PROVIDED"}
_PATH = re.compile(r"/(v\d+\.\d+)/(act_\d+|\d+)(?:/(\w+))?/?")


@dataclass(slots=True)
class _Session:
    """An upload session."""

    operation: str
    started_at: datetime
    received: int = 0
    invalid: int = 0
    batches: list[int] = field(default_factory=list)


class MetaSimulator(Platform):
    """The custom audiences of ad accounts, and their uploads."""

    name: ClassVar[str] = "meta"

    def __init__(self, *, clock: SimulatorClock, matching: Matching) -> None:
        super().__init__(clock=clock, matching=matching, first_list_id=23_850_000_000_000_001)
        self.calls = Quota(190_000, 3600)
        self._sessions: dict[str, _Session] = {}

    def settings(self) -> dict[str, Any]:
        """The block of segmentloom.yml that leads here."""
        return {
            "type": self.name,
            "ad_account_id": ACCOUNT,
            "access_token": TOKEN,
            "base_url": self.base_url,
        }

    def settle(self) -> None:
        """Customer lists keep their members."""

    def fault_answer(self, fault: Fault) -> Answer:
        """A scripted status as a Graph API error."""
        code = fault.code if fault.code is not None else 2 if fault.status >= 500 else 100
        return self._error(code, status=fault.status, headers=fault.headers)

    def answer(self, request: Request) -> Answer:
        """Answer as the API would."""
        match = _PATH.fullmatch(request.path)
        parameters = _parameters(request)
        if match is None or parameters is None:
            return self._error(2500)
        if match[1] not in VERSIONS:
            return self._error(2635)
        if (request.bearer() or parameters.get("access_token")) not in self.tokens:
            return self._error(190, status=401)
        if not self.calls.take(self.clock.now()):
            return self._error(80003, 2446079)
        try:
            answer = self._route(request.method, match[2], match[3], parameters)
        except ValueError:
            answer = self._error(100)
        return Answer(answer.status, answer.body, {**answer.headers, **self._usage()})

    def _route(self, method: str, node: str, edge: str | None, parameters: dict[str, Any]) -> Answer:
        if node.startswith("act_"):
            if edge != "customaudiences":
                return self._error(100)
            return self._list(node, parameters) if method == "GET" else self._create(node, parameters)
        entry = self.lists.get(node)
        if entry is None:
            return self._error(*NO_SUCH_OBJECT)
        match (method, edge):
            case ("GET", None):
                return Answer(200, self._shown(entry, parameters.get("fields", "id")))
            case ("POST", None):
                entry.name = parameters.get("name", entry.name)
                entry.details["description"] = parameters.get("description", entry.details["description"])
                return Answer(200, {"success": True})
            case ("DELETE", None):
                self.lists.delete(node)
                return Answer(200, {"success": True})
            case ("POST" | "DELETE", "users"):
                return self._users(entry, "add" if method == "POST" else "remove", parameters)
            case ("POST", "usersreplace"):
                return self._users(entry, "replace", parameters)
            case ("GET", "sessions"):
                return Answer(200, {"data": self._session_rows(parameters.get("session_id"))})
        return self._error(100)

    def _create(self, account: str, parameters: dict[str, Any]) -> Answer:
        name = parameters.get("name")
        source = parameters.get("customer_file_source")
        if not isinstance(name, str) or not name or parameters.get("subtype") != "CUSTOM":
            return self._error(100)
        if source not in _SOURCES:
            return self._error(100, 1713098)
        details = {"description": parameters.get("description", ""), "customer_file_source": source}
        return Answer(200, {"id": self.lists.create(name, account, self.clock.now(), details).id})

    def _list(self, account: str, parameters: dict[str, Any]) -> Answer:
        entries = self.lists.of(account)
        limit = max(1, int(parameters.get("limit") or 25))
        ids = [entry.id for entry in entries]
        after = parameters.get("after")
        start = ids.index(after) + 1 if after in ids else 0
        page = entries[start : start + limit]
        body: dict[str, Any] = {
            "data": [self._shown(entry, parameters.get("fields", "id")) for entry in page]
        }
        if page:
            body["paging"] = {"cursors": {"before": page[0].id, "after": page[-1].id}}
            if start + limit < len(entries):
                # Meta's own links carry the token; a client that follows this one must add it.
                body["paging"]["next"] = f"{self.base_url}/{VERSIONS[-1]}/{account}/customaudiences"
        return Answer(200, body)

    def _users(self, entry: SimulatedList, operation: str, parameters: dict[str, Any]) -> Answer:
        upload = meta_rows.read(parameters.get("payload"))
        if upload is None:
            return self._error(100)
        session_id = self._session(parameters.get("session"), operation)
        if session_id is None:
            return self._error(100, 1713231)
        valid, bad = [], []
        for position, row in enumerate(upload.rows):
            keys = upload.keys(row)
            if keys is None or is_malformed(position, self.half_invalid):
                bad.append(row)
            else:
                valid.append(keys)
        now = self.clock.now()
        if operation == "replace" and self._sessions[session_id].received == 0:
            entry.members.clear()
        for keys in valid:
            if operation == "remove":
                entry.remove(keys)
            else:
                entry.add(keys, now)
        entry.uploads.append((now, len(valid)))
        self._sessions[session_id].received += len(upload.rows)
        self._sessions[session_id].invalid += len(bad)
        return Answer(
            200,
            {
                "audience_id": entry.id,
                "session_id": session_id,
                "num_received": len(upload.rows),
                "num_invalid_entries": len(bad),
                "invalid_entry_samples": meta_rows.samples(bad),
            },
        )

    def _session(self, session: Any, operation: str) -> str | None:
        """The session's id, ours when none is given; None when it does not fit."""
        given = session if isinstance(session, dict) else {}
        session_id = str(given.get("session_id", secrets.randbits(63)))
        sequence = given.get("batch_seq", 1)
        if (
            not session_id.isdigit()
            or int(session_id) >= 2**64
            or not isinstance(sequence, int)
            or sequence < 1
        ):
            return None
        known = self._sessions.setdefault(session_id, _Session(operation, self.clock.now()))
        if known.operation != operation:
            return None
        known.batches.append(sequence)
        return session_id

    def _session_rows(self, session_id: str | None) -> list[dict[str, str]]:
        return [
            {
                "session_id": name,
                "start_time": str(int(session.started_at.timestamp())),
                "end_time": "0",
                "num_received": str(session.received),
                "num_matched": "-1",
                "num_invalid_entries": str(session.invalid),
                "progress": "100",
                "stage": "uploading",
            }
            for name, session in self._sessions.items()
            if session_id in (None, name)
        ]

    def _shown(self, entry: SimulatedList, fields: str) -> dict[str, Any]:
        lower, upper = self._bounds(entry)
        status = {"code": 200, "description": "Normal"}
        if lower < 0:
            status = {"code": 441, "description": "We are finding people who match."}
        everything = {
            "id": entry.id,
            "name": entry.name,
            "subtype": "CUSTOM",
            **entry.details,
            "approximate_count_lower_bound": lower,
            "approximate_count_upper_bound": upper,
            "operation_status": status,
            "delivery_status": {"code": 200 if lower >= 100 else 300, "description": ""},
            "time_created": int(entry.created_at.timestamp()),
        }
        wanted = {*re.findall(r"\w+", fields), "id"}
        return {name: value for name, value in everything.items() if name in wanted}

    def _bounds(self, entry: SimulatedList) -> tuple[int, int]:
        """Blurred bounds of the matched members; -1 until the list is populated."""
        now = self.clock.now()
        first = entry.uploads[0][0] if entry.uploads else now
        if now - first < timedelta(seconds=POPULATED_SECONDS):
            return -1, -1
        matched = self.matching.count(entry.members)
        return max(0, matched // 100 * 100 - 100), matched // 100 * 100 + 100

    def _usage(self) -> dict[str, str]:
        now = self.clock.now()
        percent = 100 * self.calls.used // self.calls.limit if self.calls.limit else 100
        entry = {
            "type": "custom_audience",
            "call_count": percent,
            "total_cputime": 1,
            "total_time": 1,
            "estimated_time_to_regain_access": -(-self.calls.wait(now) // 60) if percent >= 100 else 0,
            "ads_api_access_tier": "standard_access",
        }
        return {"X-Business-Use-Case-Usage": json.dumps({"1": [entry]})}

    def _error(
        self,
        code: int,
        subcode: int | None = None,
        *,
        status: int = 400,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        error: dict[str, Any] = {
            "message": f"(#{code}) The simulator refuses this.",
            "type": "OAuthException",
            "code": code,
            "is_transient": code in {1, 2, 80003},
            "fbtrace_id": secrets.token_urlsafe(8),
        }
        if subcode is not None:
            error["error_subcode"] = subcode
        return Answer(status, {"error": error}, {**self._usage(), **(headers or {})})


def _parameters(request: Request) -> dict[str, Any] | None:
    """Query and body together, JSON or form; JSON inside form fields is read. None when unreadable."""
    parameters: dict[str, Any] = dict(request.query)
    try:
        if request.body[:1] == b"{":
            parameters.update(json.loads(request.body))
        else:
            parameters.update(parse_qsl(request.body.decode(), keep_blank_values=True))
        for name in ("payload", "session"):
            if isinstance(parameters.get(name), str):
                parameters[name] = json.loads(parameters[name])
    except ValueError:
        return None
    return parameters
