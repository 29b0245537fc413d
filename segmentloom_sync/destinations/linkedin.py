"""LinkedIn matched audiences, through DMP segments of the Marketing API."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, SecretStr, model_validator

from segmentloom_sync.destinations import http, linkedin_answers
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
from segmentloom_sync.destinations.list_state import Condition, ListState
from segmentloom_sync.destinations.settings import DestinationSettings, Secret, SettingsType
from segmentloom_sync.destinations.tokens import FixedToken, RefreshTokenGrant, RenewedToken, TokenSource
from segmentloom_sync.errors import DestinationMissing, Unavailable

if TYPE_CHECKING:
    import requests

OAUTH_ENDPOINT = "https://www.linkedin.com/oauth/v2/accessToken"
MAX_ELEMENTS = 5_000
MEMBER_DAYS = 90
"""A segment that nothing touches expires after 90 days with its data; adding members again keeps it."""
LISTS_PER_PAGE = 100
APPEARS_WITHIN = timedelta(minutes=2)
"""A new segment answers 404 for a while."""
APPEARS_POLL_SECONDS = 5.0


_CONDITIONS: dict[str, Condition] = {"EXPIRED": "lost", "FAILED": "closed", "ERROR": "closed"}
_ID_TYPES = {"email": "SHA256_EMAIL"}


class LinkedInSettings(DestinationSettings):
    """The block of a `linkedin` destination: an access token, or what renews it, or both."""

    type: Literal["linkedin"]
    ad_account_id: str = Field(pattern=r"^\d+$")
    access_token: Secret | None = None
    refresh_token: Secret | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    source_platform: str = "SEGMENTLOOM"
    """The platform name that LinkedIn assigned to the API application."""
    base_url: str = "https://api.linkedin.com"
    api_version: str = Field(default="202608", pattern=r"^\d{6}$")
    token_url: str | None = OAUTH_ENDPOINT
    batch_size: int = Field(default=MAX_ELEMENTS, ge=1, le=MAX_ELEMENTS)

    @model_validator(mode="after")
    def _some_token(self) -> LinkedInSettings:
        renewal = [self.refresh_token, self.client_id, self.client_secret]
        if (self.access_token and not any(renewal)) or all(renewal):
            return self
        raise ValueError("give access_token, or refresh_token with client_id and client_secret")


class LinkedIn:
    """One LinkedIn ad account; see `base.Destination` for what its methods do and raise."""

    type: ClassVar[str] = "linkedin"
    hash_rule: ClassVar[str] = "linkedin"
    identifier_types: ClassVar[tuple[str, ...]] = ("email",)
    demands_consent: ClassVar[bool] = False
    member_days: ClassVar[int | None] = MEMBER_DAYS
    min_matched: ClassVar[int | None] = 300
    Settings: ClassVar[SettingsType] = LinkedInSettings

    def __init__(
        self, settings: LinkedInSettings, *, clock: Clock, session: requests.Session | None = None
    ) -> None:
        self._settings, self._clock = settings, clock
        self._session = session or http.new_session()
        self.batch_size = settings.batch_size
        self.timeouts = http.Timeouts()
        self._tokens = self._token_source()
        self.account = settings.ad_account_id
        self._account = f"urn:li:sponsoredAccount:{self.account}"
        self._refusals_in_a_row = 0

    def find_list(self, name: str) -> AudienceList | None:
        """Our segment of users that was created for that name, else the first one that bears it.

        Segments of companies, and those of other platforms' syncs, are not ours to fill.
        """
        with http.understood(self.type):
            found = [
                segment
                for segment in self._segments()
                if segment["name"] == name
                and segment.get("type") == "USER"
                and segment.get("sourcePlatform") == self._settings.source_platform
            ]
            found.sort(key=lambda segment: segment.get("sourceSegmentId") != self._source_id(name))
            return AudienceList(str(found[0]["id"]), name) if found else None

    def create_list(self, name: str, identifier_types: Sequence[str]) -> AudienceList:
        """Create a segment of users; for up to two minutes LinkedIn may answer as if it did not exist."""
        body = {
            "name": name,
            "sourcePlatform": self._settings.source_platform,
            "sourceSegmentId": self._source_id(name),
            "account": self._account,
            "type": "USER",
            "destinations": [{"destination": "LINKEDIN"}],
        }
        reply = self._call("POST", "dmpSegments", json=body)
        identifier = reply.headers.get("x-restli-id") or reply.headers.get("x-linkedin-id")
        return AudienceList(http.new_id(self.type, identifier), name, self._clock.now())

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        """Send one batch, one element per member; LinkedIn answers for each."""
        action = "ADD" if operation == "add" else "REMOVE"
        elements = [
            {"action": action, "userIds": [_user_id(identifier) for identifier in member.identifiers]}
            for member in members
        ]
        reply = self._call(
            "POST",
            f"dmpSegments/{audience_list.id}/users",
            audience_list=audience_list,
            headers={"X-RestLi-Method": "BATCH_CREATE"},
            json={"elements": elements},
        )
        return linkedin_answers.receipt(reply, members)

    def request_status(self, request_id: str) -> RequestStatus:
        """LinkedIn's receipts are final."""
        return RequestStatus("succeeded")

    def match_rates(self, audience_list: AudienceList) -> Sequence[MatchRate]:
        """Matched and submitted members of the last seven days; nothing while the segment is being built."""
        path = f"dmpSegments/{audience_list.id}"
        matched = self._object(f"{path}/destinations/LINKEDIN", audience_list).get("matchedCount")
        submitted = self._object(path, audience_list).get("inputCount")
        if not isinstance(matched, int) or not isinstance(submitted, int):
            return ()
        return (MatchRate("counts", "matchedCount/inputCount", matched=matched, submitted=submitted),)

    def list_state(self, audience_list: AudienceList) -> ListState:
        """The segment's status. What LinkedIn counts is the last week's uploads and whom ads can reach."""
        path = f"dmpSegments/{audience_list.id}/destinations/LINKEDIN"
        status = self._object(path, audience_list).get("status")
        return ListState(
            str(status) if status else None,
            _CONDITIONS.get(str(status), "good"),
            is_size_readable=False,
        )

    def _token_source(self) -> TokenSource:
        settings = self._settings
        if settings.refresh_token and settings.client_id and settings.client_secret:
            grant = RefreshTokenGrant(settings.client_id, settings.client_secret, settings.refresh_token)
            url = settings.token_url or OAUTH_ENDPOINT
            return RenewedToken(self.type, url, grant, self._clock, self._session, settings.access_token)
        return FixedToken(settings.access_token or SecretStr(""))

    def _source_id(self, name: str) -> str:
        """Our own key of a segment, the same whenever the same name is asked for."""
        return f"segmentloom-{hashlib.sha256(name.encode()).hexdigest()[:32]}"

    def _segments(self) -> Iterator[dict[str, Any]]:
        start = 0
        while True:
            query = {
                "q": "account",
                "account": self._account,
                "start": str(start),
                "count": str(LISTS_PER_PAGE),
            }
            page = self._call("GET", "dmpSegments", params=query).object()
            with http.understood(self.type):
                elements = page["elements"]
                yield from elements
                start += len(elements)
                if not elements or start >= page["paging"].get("total", start + 1):
                    return

    def _object(self, path: str, audience_list: AudienceList) -> dict[str, Any]:
        return self._call("GET", path, audience_list=audience_list).object()

    def _call(
        self,
        method: str,
        path: str,
        *,
        audience_list: AudienceList | None = None,
        headers: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> http.Reply:
        """One request, once more with a new token if the first was refused.

        Args:
            audience_list: the list that the request is about, for the error when that is gone.
        """
        kwargs["headers"] = {
            "LinkedIn-Version": self._settings.api_version,
            "X-Restli-Protocol-Version": "2.0.0",
            **(headers or {}),
        }
        reply = self._send(method, path, **kwargs)
        if reply.status == 401 and self._tokens.renew():
            reply = self._send(method, path, **kwargs)
        self._refusals_in_a_row = self._refusals_in_a_row + 1 if reply.status == 429 else 0
        if reply.is_ok:
            return reply
        if reply.status == 404 and audience_list is not None and linkedin_answers.is_own(reply):
            raise self._absent(audience_list)
        raise linkedin_answers.error(reply, self._clock.now(), self._refusals_in_a_row)

    def _send(self, method: str, path: str, **kwargs: Any) -> http.Reply:
        url = f"{self._settings.base_url}/rest/{path}"
        kwargs.update(auth=http.Bearer(self._tokens.token()), timeouts=self.timeouts)
        return http.send(self._session, self.type, method, url, **kwargs)

    def _absent(self, audience_list: AudienceList) -> Unavailable | DestinationMissing:
        """A segment that is not there: not yet, when it is new; else gone."""
        noted = audience_list.noted_at
        if noted is not None and self._clock.now() - noted < APPEARS_WITHIN:
            return Unavailable(
                f"linkedin does not show the new list '{audience_list.name}' yet",
                retry_after=APPEARS_POLL_SECONDS,
            )
        return DestinationMissing(
            f"linkedin: the list '{audience_list.name}' is gone",
            hint="make it anew with run AUDIENCE --recreate",
        )


def _user_id(identifier: Identifier) -> dict[str, str]:
    return {"idType": _ID_TYPES[identifier.type], "idValue": identifier.value}
