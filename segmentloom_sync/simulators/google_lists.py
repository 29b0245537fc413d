"""The user-list service of the simulated Data Manager API."""

from __future__ import annotations

import base64
import re
from typing import Any

from segmentloom_sync.simulators import google_messages as messages
from segmentloom_sync.simulators.clock import SimulatorClock
from segmentloom_sync.simulators.google_errors import error, refused
from segmentloom_sync.simulators.google_rules import Violation, list_violations
from segmentloom_sync.simulators.google_status import user_list
from segmentloom_sync.simulators.lists import Lists, Matching
from segmentloom_sync.simulators.platform import Answer, Request

_FILTER = re.compile(r'\s*display_name\s*=\s*"((?:[^"\\]|\\.)*)"\s*')


class UserLists:
    """Creates, lists, changes and deletes the lists of a platform."""

    def __init__(self, lists: Lists, matching: Matching, clock: SimulatorClock) -> None:
        self._lists, self._matching, self._clock = lists, matching, clock

    def answer(self, request: Request, account: str, list_id: str | None) -> Answer:
        """Answer a request to `userLists` or to one of them. Raises MessageError."""
        if list_id is None and request.method == "POST":
            return self._create(messages.parse(messages.USER_LIST, request.json()), account, request)
        if list_id is None and request.method == "GET":
            return self._list(request, account)
        entry = self._lists.get(list_id or "")
        if entry is None or entry.account != account:
            return error(404, "No such user list.")
        if request.method == "DELETE":
            self._lists.delete(entry.id)
            return Answer(200, {})
        if request.method == "PATCH":
            change = messages.parse(messages.USER_LIST, request.json())
            if "ingestedUserListInfo" in change:
                return refused([Violation("user_list", "Fixed.", "IMMUTABLE_FIELD_FOR_UPDATE")])
            if mask := request.query.get("updateMask"):
                change = {name: value for name, value in change.items() if name in mask.split(",")}
            entry.name = change.pop("displayName", entry.name)
            entry.details.update(change)
        return Answer(200, user_list(entry, self._matching))

    def _create(self, body: dict[str, Any], account: str, request: Request) -> Answer:
        violations = list_violations(body)
        if body.get("displayName") in {entry.name for entry in self._lists.of(account)}:
            violations.append(Violation("user_list.display_name", "Taken.", "DISPLAY_NAME_ALREADY_USED"))
        if violations:
            return refused(violations)
        if request.query.get("validateOnly") == "true":
            return Answer(200, body)
        entry = self._lists.create(body.pop("displayName"), account, self._clock.now(), body)
        return Answer(200, user_list(entry, self._matching))

    def _list(self, request: Request, account: str) -> Answer:
        entries = self._lists.of(account)
        if text := request.query.get("filter"):
            match = _FILTER.fullmatch(text)
            if match is None:
                return refused([Violation("filter", "Only display_name = is simulated.", "INVALID_FORMAT")])
            wanted = re.sub(r"\\(.)", r"\1", match[1])
            entries = [entry for entry in entries if entry.name == wanted]
        size = min(int(request.query.get("pageSize") or 50) or 50, 1000)
        start = int(base64.b64decode(request.query.get("pageToken", "")) or 0)
        page: dict[str, Any] = {
            "userLists": [user_list(entry, self._matching) for entry in entries[start : start + size]]
        }
        if start + size < len(entries):
            page["nextPageToken"] = base64.b64encode(str(start + size).encode()).decode()
        return Answer(200, page)
