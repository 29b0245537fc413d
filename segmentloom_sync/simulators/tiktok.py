"""A strict look-alike of TikTok's Business API for audiences."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from segmentloom_sync.simulators import tiktok_rows
from segmentloom_sync.simulators.clock import SimulatorClock
from segmentloom_sync.simulators.faults import Fault
from segmentloom_sync.simulators.lists import Matching, SimulatedList
from segmentloom_sync.simulators.platform import TOKEN, Answer, Platform, Quota, Request, is_malformed
from segmentloom_sync.simulators.tiktok_rows import Refused

ADVERTISER = "7000000000001"
VERSIONS = ("v1.3",)
MAX_LISTS = 400
MAX_IDS = 100
COUNTED = timedelta(hours=24)
"""So long after the first upload a list has a size."""
_PATH = re.compile(r"/open_api/(v\d+\.\d+)/(.+)/")
_STATUS_CODES = {401: 40105, 403: 40001, 404: 40400, 429: 40100}


class TikTokSimulator(Platform):
    """The audiences of one advertiser."""

    name: ClassVar[str] = "tiktok"

    def __init__(self, *, clock: SimulatorClock, matching: Matching) -> None:
        super().__init__(clock=clock, matching=matching, first_list_id=172_890_001)
        self.calls = Quota(600, 60)
        self.partly = False
        """Whether mappings are answered as done in part (20001), with every second row left out."""

    def settings(self) -> dict[str, Any]:
        """The block of segmentloom.yml that leads here."""
        return {
            "type": self.name,
            "advertiser_id": ADVERTISER,
            "access_token": TOKEN,
            "base_url": self.base_url,
        }

    def settle(self) -> None:
        """Audiences keep their members."""

    def fault_answer(self, fault: Fault) -> Answer:
        """A scripted code in TikTok's envelope, under the fault's status (TikTok's own is 200)."""
        code = fault.code or _STATUS_CODES.get(fault.status, 50000 if fault.status >= 500 else 40002)
        return _envelope(code, "Scripted.", status=fault.status, headers=fault.headers)

    def answer(self, request: Request) -> Answer:
        """Answer as the API would."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return _envelope(40400, "No such route; paths end with a slash.")
        if match[1] not in VERSIONS:
            return _envelope(40006, "The version is not supported.")
        token = request.headers.get("Access-Token")
        if not token:
            return _envelope(40104, "Access token is empty.")
        if token not in self.tokens:
            return _envelope(40105, "Access token is incorrect or has been revoked.")
        if not self.calls.take(self.clock.now()):
            return _envelope(40100, "Too many requests. Please retry in some time.")
        routes: dict[tuple[str, str], Callable[[dict[str, Any]], Answer]] = {
            ("POST", "segment/audience"): self._audience,
            ("POST", "segment/mapping"): self._mapping,
            ("GET", "dmp/custom_audience/list"): self._list,
            ("GET", "dmp/custom_audience/get"): self._get,
            ("POST", "dmp/custom_audience/delete"): self._delete,
        }
        route = routes.get((request.method, match[2]))
        if route is None:
            return _envelope(40400, "No such route.")
        try:
            return route(_parameters(request))
        except Refused as refused:
            return _envelope(refused.code, refused.text)

    def _audience(self, body: dict[str, Any]) -> Answer:
        self._check_advertiser(body.get("advertiser_id"))
        if body.get("action") == "delete":
            self._delete_lists([body.get("audience_id")])
            return _envelope()
        name = body.get("custom_audience_name")
        if body.get("action") != "create" or not isinstance(name, str) or not name:
            raise Refused(40002, "action and custom_audience_name are required.")
        if len(self.lists.of(ADVERTISER)) >= MAX_LISTS:
            raise Refused(40002, "The advertiser has as many audiences as it may.")
        created = self.lists.create(name, ADVERTISER, self.clock.now(), {})
        return _envelope(data={"audience_id": created.id})

    def _mapping(self, body: dict[str, Any]) -> Answer:
        advertisers = body.get("advertiser_ids")
        if not isinstance(advertisers, list) or not advertisers:
            raise Refused(40002, "advertiser_ids is required.")
        for advertiser in advertisers:
            self._check_advertiser(advertiser)
        rows = tiktok_rows.read(body)
        lists = {list_id: self._known(list_id) for row in rows for list_id in row.list_ids}
        if self.half_invalid and any(is_malformed(position, True) for position in range(len(rows))):
            raise Refused(40002, "batch_data: a row is malformed.")
        now = self.clock.now()
        taken = [row for position, row in enumerate(rows) if not (self.partly and position % 2)]
        for row in taken:
            for cell in row.cells:
                for list_id in cell.list_ids:
                    if body["action"] == "add":
                        lists[list_id].add([cell.key], now)
                    else:
                        lists[list_id].remove([cell.key])
        for entry in lists.values():
            entry.uploads.append((now, len(taken)))
        return _envelope(20001 if len(taken) < len(rows) else 0)

    def _list(self, query: dict[str, Any]) -> Answer:
        self._check_advertiser(query.get("advertiser_id"))
        entries = self.lists.of(ADVERTISER)
        if "custom_audience_ids" in query:
            wanted = _ids(query)
            entries = [entry for entry in entries if entry.id in wanted]
        page, size = _whole(query.get("page", 1)), _whole(query.get("page_size", 10))
        if page < 1 or not 1 <= size <= 100:
            raise Refused(40002, "page_size is 1 to 100.")
        pages = -(-len(entries) // size)
        shown = entries[(page - 1) * size : page * size]
        info = {"page": page, "page_size": size, "total_number": len(entries), "total_page": pages}
        return _envelope(data={"list": [self._shown(entry) for entry in shown], "page_info": info})

    def _get(self, query: dict[str, Any]) -> Answer:
        self._check_advertiser(query.get("advertiser_id"))
        wanted = _ids(query)
        found = [entry for entry in self.lists.of(ADVERTISER) if entry.id in wanted]
        details = [{"audience_details": self._shown(entry), "audience_history": []} for entry in found]
        return _envelope(data={"list": details})

    def _delete(self, body: dict[str, Any]) -> Answer:
        self._check_advertiser(body.get("advertiser_id"))
        self._delete_lists(body.get("custom_audience_ids"))
        return _envelope()

    def _delete_lists(self, ids: Any) -> None:
        if not isinstance(ids, list) or not ids:
            raise Refused(40002, "The audiences' ids are required.")
        for entry in [self._known(list_id) for list_id in ids]:
            self.lists.delete(entry.id)

    def _known(self, list_id: Any) -> SimulatedList:
        entry = self.lists.get(list_id) if isinstance(list_id, str) else None
        if entry is None or entry.account != ADVERTISER:
            raise Refused(40007, "The audience does not exist.")
        return entry

    def _check_advertiser(self, advertiser: Any) -> None:
        if not isinstance(advertiser, str) or not advertiser:
            raise Refused(40002, "advertiser_id must be text.")
        if advertiser != ADVERTISER:
            raise Refused(40001, "No permission to operate this advertiser.")

    def _shown(self, entry: SimulatedList) -> dict[str, Any]:
        now = self.clock.now()
        is_counted = bool(entry.uploads) and now - entry.uploads[0][0] >= COUNTED
        return {
            "audience_id": entry.id,
            "name": entry.name,
            "audience_type": "Customer File",
            "cover_num": self.matching.count(entry.members) if is_counted else 0,
            "is_valid": is_counted,
            "is_creator": True,
            "shared": False,
            "create_time": entry.created_at.strftime("%Y-%m-%d %H:%M:%S"),
        }


def _parameters(request: Request) -> dict[str, Any]:
    """The query of a GET, the JSON object of a POST."""
    if request.method == "GET":
        return dict(request.query)
    if request.headers.get_content_type() != "application/json":
        raise Refused(40002, "The body must be application/json.")
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(40002, "The body is no JSON object.")
    return body


def _ids(query: dict[str, Any]) -> set[str]:
    """`custom_audience_ids`, a JSON array in the query."""
    try:
        ids = json.loads(query["custom_audience_ids"])
    except (KeyError, ValueError):
        ids = None
    if not isinstance(ids, list) or not 1 <= len(ids) <= MAX_IDS or not all(_is_id(one) for one in ids):
        raise Refused(40002, f"custom_audience_ids is a JSON array of 1 to {MAX_IDS} ids.")
    return set(ids)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and value.isdigit()


def _whole(value: Any) -> int:
    if str(value).isascii() and str(value).isdigit():
        return int(value)
    raise Refused(40002, "page and page_size are whole numbers.")


def _envelope(
    code: int = 0,
    message: str = "OK",
    *,
    data: dict[str, Any] | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Answer:
    body = {"code": code, "message": message, "request_id": secrets.token_hex(16), "data": data or {}}
    return Answer(status, body, headers or {})
