"""Meta custom audiences, through the Graph API v26.0."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, SecretStr

from segmentloom_sync.destinations import http, meta_answers
from segmentloom_sync.destinations.base import (
    AudienceList,
    Clock,
    MatchRate,
    Member,
    Operation,
    Receipt,
    RequestStatus,
)
from segmentloom_sync.destinations.list_state import ListState
from segmentloom_sync.destinations.settings import DestinationSettings, Secret, SettingsType
from segmentloom_sync.destinations.tokens import FixedToken
from segmentloom_sync.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    import requests

MAX_ROWS = 10_000
LISTS_PER_PAGE = 500

_COLUMNS = {"email": "EMAIL", "phone": "PHONE"}
FLAGGED = 471
"""The status of an audience that Meta suspects of prohibited data; changes of it fail."""
_BOUNDS = ("approximate_count_lower_bound", "approximate_count_upper_bound")


class MetaSettings(DestinationSettings):
    """The block of a `meta` destination."""

    type: Literal["meta"]
    ad_account_id: str = Field(pattern=r"^(act_)?\d+$")
    access_token: Secret
    app_secret: Secret | None = None
    """Needed where the app demands a proof that each call comes from its server."""
    base_url: str = "https://graph.facebook.com"
    api_version: str = Field(default="v26.0", pattern=r"^v\d+\.\d+$")
    batch_size: int = Field(default=MAX_ROWS, ge=1, le=MAX_ROWS)


class Meta:
    """One Meta ad account; see `base.Destination` for what its methods do and raise."""

    type: ClassVar[str] = "meta"
    hash_rule: ClassVar[str] = "meta"
    identifier_types: ClassVar[tuple[str, ...]] = ("email", "phone")
    demands_consent: ClassVar[bool] = False
    member_days: ClassVar[int | None] = None
    min_matched: ClassVar[int | None] = 100
    Settings: ClassVar[SettingsType] = MetaSettings

    def __init__(
        self, settings: MetaSettings, *, clock: Clock, session: requests.Session | None = None
    ) -> None:
        self._settings, self._clock = settings, clock
        self._session = session or http.new_session()
        self._token = FixedToken(settings.access_token)
        self.batch_size = settings.batch_size
        self.timeouts = http.Timeouts()
        self._next_change_at: datetime | None = None
        self.account = settings.ad_account_id.removeprefix("act_")
        self._account = f"act_{self.account}"

    def find_list(self, name: str) -> AudienceList | None:
        """The customer list of that name. Meta allows several of one name: then ConfigError."""
        found = [str(entry["id"]) for entry in self._lists() if entry.get("name") == name]
        if len(found) > 1:
            raise ConfigError(
                f"meta: {len(found)} custom audiences are named '{name}'",
                hint="rename all but one in Ads Manager, or use another list name",
            )
        return AudienceList(found[0], name) if found else None

    def create_list(self, name: str, identifier_types: Sequence[str]) -> AudienceList:
        """Create a customer list of data that the advertiser collected itself."""
        body = {
            "name": name,
            "subtype": "CUSTOM",
            "description": "Kept in step by Segmentloom",
            "customer_file_source": "USER_PROVIDED_ONLY",
        }
        answer = self._call("POST", f"{self._account}/customaudiences", json=body)
        return AudienceList(http.new_id(self.type, answer.get("id")), name)

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        """Send one upload session of one batch.

        Meta counts malformed rows and shows only some: the shown ones are `rejected`, the others
        `unnamed_rejections`.
        """
        kinds = sorted({identifier.type for member in members for identifier in member.identifiers})
        rows = _rows(members, kinds)
        body = {
            "session": {
                "session_id": secrets.randbits(63),
                "batch_seq": 1,
                "last_batch_flag": True,
                "estimated_num_total": len(rows),
            },
            "payload": {
                "schema": [_COLUMNS[kind] for kind in kinds],
                "data": rows,
            },
        }
        method = "POST" if operation == "add" else "DELETE"
        answer = self._call(method, f"{audience_list.id}/users", list_name=audience_list.name, json=body)
        with http.understood(self.type):
            return _receipt(answer, members, len(rows))

    def request_status(self, request_id: str) -> RequestStatus:
        """Meta's receipts are final."""
        return RequestStatus("succeeded")

    def match_rates(self, audience_list: AudienceList) -> Sequence[MatchRate]:
        """The list's size as bounds; nothing while Meta hides it (-1)."""
        size = self.list_state(audience_list).size
        return (size,) if size else ()

    def list_state(self, audience_list: AudienceList) -> ListState:
        """Its status and its size as bounds; no size while Meta hides it (-1)."""
        fields = {"fields": ",".join((*_BOUNDS, "operation_status"))}
        answer = self._call("GET", audience_list.id, list_name=audience_list.name, params=fields)
        with http.understood(self.type):
            lower, upper = (float(answer.get(name, -1)) for name in _BOUNDS)
            told = answer.get("operation_status", {})
            code, description = int(told.get("code", 0)), str(told.get("description", ""))
        hidden = lower < 0 or upper < 0
        return ListState(
            f"{code} {description}".strip() if code else None,
            "closed" if code == FLAGGED else "good",
            None if hidden else MatchRate("bounds", "approximate_count", lower=lower, upper=upper),
        )

    def description(self, audience_list: AudienceList) -> str:
        """What Ads Manager shows beside the list's name."""
        query = {"fields": "description"}
        answer = self._call("GET", audience_list.id, list_name=audience_list.name, params=query)
        with http.understood(self.type):
            return str(answer.get("description", ""))

    def describe(self, audience_list: AudienceList, text: str) -> None:
        """Change the description and nothing else."""
        self._call("POST", audience_list.id, list_name=audience_list.name, json={"description": text})

    def next_change_at(self) -> datetime | None:
        """By the usage headers of the last answer; see `meta_answers.pause`."""
        return self._next_change_at

    def _lists(self) -> Iterator[dict[str, Any]]:
        query = {"fields": "id,name,subtype", "limit": str(LISTS_PER_PAGE)}
        while True:
            answer = self._call("GET", f"{self._account}/customaudiences", params=query)
            with http.understood(self.type):
                yield from [entry for entry in answer["data"] if entry.get("subtype") == "CUSTOM"]
                paging = answer.get("paging", {})
                if "next" not in paging:
                    return
                query = {**query, "after": paging["cursors"]["after"]}

    def _call(
        self,
        method: str,
        path: str,
        *,
        list_name: str | None = None,
        params: dict[str, str] | None = None,
        json: Any = None,
    ) -> dict[str, Any]:
        """One request. `list_name`: the list it is about, for the error when that is gone."""
        token = self._token.token()
        query = dict(params or {})
        if self._settings.app_secret:
            query["appsecret_proof"] = _proof(self._settings.app_secret, token)
        reply = http.send(
            self._session,
            self.type,
            method,
            f"{self._settings.base_url}/{self._settings.api_version}/{path}",
            auth=http.Bearer(token),
            timeouts=self.timeouts,
            params=query,
            json=json,
        )
        now = self._clock.now()
        pause = meta_answers.pause(reply.headers)
        self._next_change_at = now + timedelta(seconds=pause) if pause else None
        if reply.is_ok and isinstance(reply.body, dict) and "error" not in reply.body:
            return reply.body
        if reply.is_ok and not isinstance(reply.body, dict):
            raise Unavailable("meta answered with no JSON object", applied_unknown=True)
        raise meta_answers.error(reply, now, list_name)


def _rows(members: Sequence[Member], kinds: Sequence[str]) -> list[list[str]]:
    """The rows of an upload: one of each member, or more when it has several identifiers of a type."""
    if len(kinds) == 1:  # nearly always, and this is done for every member
        return [[identifier.value] for member in members for identifier in member.identifiers]
    rows = []
    for member in members:
        by_kind: dict[str, list[str]] = defaultdict(list)
        for identifier in member.identifiers:
            by_kind[identifier.type].append(identifier.value)
        rows += [list(cells) for cells in zip_longest(*(by_kind[kind] for kind in kinds), fillvalue="")]
    return rows


def _receipt(answer: dict[str, Any], members: Sequence[Member], rows: int) -> Receipt:
    request_id = str(answer["session_id"]) if "session_id" in answer else None
    if answer.get("num_received") != rows:
        everything = frozenset(identifier for member in members for identifier in member.identifiers)
        return Receipt(unknown=everything, request_id=request_id)
    invalid = int(answer.get("num_invalid_entries", 0))
    shown = meta_answers.sample_values(answer.get("invalid_entry_samples"))
    named = set()
    if shown:
        named = {
            position
            for position, member in enumerate(members)
            if any(identifier.value in shown for identifier in member.identifiers)
        }
    if invalid and (invalid >= rows or len(members) == 1):
        named = set(range(len(members)))
    reason = "malformed entry"
    return Receipt(
        rejected={identifier: reason for position in named for identifier in members[position].identifiers},
        request_id=request_id,
        unnamed_rejections=max(0, invalid - len(named)) if len(named) < len(members) else 0,
    )


def _proof(app_secret: SecretStr, token: str) -> str:
    key = app_secret.get_secret_value().encode()
    return hmac.new(key, token.encode(), hashlib.sha256).hexdigest()
