"""TikTok custom audiences, through the segment endpoints of the Business API v1.3."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, SecretStr

from segmentloom_sync.destinations import http, tiktok_answers
from segmentloom_sync.destinations.base import (
    AudienceList,
    Clock,
    Identifier,
    MatchRate,
    Member,
    Operation,
    Receipt,
    RequestStatus,
)
from segmentloom_sync.destinations.list_state import ListState
from segmentloom_sync.destinations.settings import DestinationSettings, Secret, SettingsType
from segmentloom_sync.destinations.tiktok_answers import Envelope
from segmentloom_sync.errors import ConfigError

if TYPE_CHECKING:
    import requests

MAX_ROWS = 1_000
"""TikTok publishes no limit of `/segment/mapping/`; other senders keep to this one."""
LISTS_PER_PAGE = 100

_ID_TYPES = {"email": "EMAIL_SHA256", "phone": "PHONE_SHA256"}

_Row = tuple[Identifier | None, ...]


class TikTokSettings(DestinationSettings):
    """The block of a `tiktok` destination."""

    type: Literal["tiktok"]
    advertiser_id: str = Field(pattern=r"^\d+$")
    access_token: Secret
    """A long-lived token of the app for that advertiser; it lasts until it is revoked."""
    base_url: str = "https://business-api.tiktok.com"
    api_version: str = Field(default="v1.3", pattern=r"^v\d+\.\d+$")
    batch_size: int = Field(default=MAX_ROWS, ge=1, le=MAX_ROWS)


class TikTok:
    """One TikTok ad account; see `base.Destination` for what its methods do and raise."""

    type: ClassVar[str] = "tiktok"
    hash_rule: ClassVar[str] = "tiktok"
    identifier_types: ClassVar[tuple[str, ...]] = ("email", "phone")
    demands_consent: ClassVar[bool] = False
    member_days: ClassVar[int | None] = None
    min_matched: ClassVar[int | None] = 1_000
    Settings: ClassVar[SettingsType] = TikTokSettings

    def __init__(
        self, settings: TikTokSettings, *, clock: Clock, session: requests.Session | None = None
    ) -> None:
        self._settings, self._clock = settings, clock
        self.account = settings.advertiser_id
        self._session = session or http.new_session()
        self.batch_size = settings.batch_size
        self.timeouts = http.Timeouts()

    def find_list(self, name: str) -> AudienceList | None:
        """The audience of that name; ConfigError when there are several."""
        with http.understood(self.type):
            found = [str(entry["audience_id"]) for entry in self._lists() if entry["name"] == name]
        if len(found) > 1:
            raise ConfigError(
                f"tiktok: {len(found)} audiences are named '{name}'",
                hint="rename all but one in TikTok Ads Manager, or use another list name",
            )
        return AudienceList(found[0], name) if found else None

    def create_list(self, name: str, identifier_types: Sequence[str]) -> AudienceList:
        """Create an audience that is filled by requests rather than files."""
        body = {
            "advertiser_id": self._settings.advertiser_id,
            "action": "create",
            "custom_audience_name": name,
        }
        answer = self._call("POST", "segment/audience", json=body)
        return AudienceList(http.new_id(self.type, answer.data.get("audience_id")), name)

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        """Send one batch. TikTok takes all of it or refuses it without naming a row, and matches it later."""
        kinds = sorted({identifier.type for member in members for identifier in member.identifiers})
        body = {
            "advertiser_ids": [self._settings.advertiser_id],
            "action": "add" if operation == "add" else "delete",
            "id_schema": [_ID_TYPES[kind] for kind in kinds],
            "batch_data": [
                [{"id": cell.value, "audience_ids": [audience_list.id]} if cell else {} for cell in row]
                for member in members
                for row in _rows(member, kinds)
            ],
        }
        answer = self._call("POST", "segment/mapping", list_name=audience_list.name, json=body)
        return _receipt(answer, members)

    def request_status(self, request_id: str) -> RequestStatus:
        """TikTok's receipts are final: what matching made of a request cannot be asked."""
        return RequestStatus("succeeded")

    def match_rates(self, audience_list: AudienceList) -> Sequence[MatchRate]:
        """How many users of TikTok the list covers; nothing while that is 0, as before the first count."""
        size = self.list_state(audience_list).size
        return (size,) if size else ()

    def list_state(self, audience_list: AudienceList) -> ListState:
        """Whether the list can be used yet, and how many users it covers; none while that is 0."""
        query = {"custom_audience_ids": json.dumps([audience_list.id]), "page": "1", "page_size": "1"}
        answer = self._list_page(query, audience_list.name)
        with http.understood(self.type):
            entries = [
                entry for entry in answer.data["list"] if str(entry["audience_id"]) == audience_list.id
            ]
            if not entries:
                raise tiktok_answers.gone(audience_list.name)
            covered = int(entries[0].get("cover_num") or 0)
            is_valid = entries[0].get("is_valid")
        return ListState(
            None if is_valid is None else "valid" if is_valid else "not valid yet",
            size=MatchRate("counts", "cover_num", matched=covered) if covered else None,
        )

    def _lists(self) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            answer = self._list_page({"page": str(page), "page_size": str(LISTS_PER_PAGE)})
            yield from answer.data["list"]
            if page >= int(answer.data["page_info"]["total_page"]):
                return
            page += 1

    def _list_page(self, query: dict[str, str], list_name: str | None = None) -> Envelope:
        query = {"advertiser_id": self._settings.advertiser_id, **query}
        return self._call("GET", "dmp/custom_audience/list", list_name=list_name, params=query)

    def _call(self, method: str, path: str, *, list_name: str | None = None, **kwargs: Any) -> Envelope:
        """One request. `list_name`: the list it is about, for the error when that is gone."""
        reply = http.send(
            self._session,
            self.type,
            method,
            f"{self._settings.base_url}/open_api/{self._settings.api_version}/{path}/",
            auth=_AccessToken(self._settings.access_token),
            timeouts=self.timeouts,
            **kwargs,
        )
        return tiktok_answers.envelope(reply, self._clock.now(), list_name)


class _AccessToken:
    """TikTok's own header, without the word Bearer."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Access-Token"] = self._token.get_secret_value()
        return request


def _rows(member: Member, kinds: Sequence[str]) -> Iterator[_Row]:
    """The rows of a member: one, or more when it has several identifiers of a type."""
    by_kind: dict[str, list[Identifier]] = defaultdict(list)
    for identifier in member.identifiers:
        by_kind[identifier.type].append(identifier)
    yield from zip_longest(*(by_kind[kind] for kind in kinds))


def _receipt(answer: Envelope, members: Sequence[Member]) -> Receipt:
    """All accepted; of a batch that was done in part nobody is named, so that it has to be halved."""
    if not answer.is_partial:
        return Receipt(request_id=answer.request_id)
    if len(members) > 1:
        return Receipt(request_id=answer.request_id, unnamed_rejections=1)
    rejected = {identifier: "not taken" for member in members for identifier in member.identifiers}
    return Receipt(rejected=rejected, request_id=answer.request_id)
