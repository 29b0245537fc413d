"""Google Ads Customer Match, through the Data Manager API v1."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from segmentloom_sync.destinations import google_answers, http
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
from segmentloom_sync.destinations.tokens import (
    Grant,
    RefreshTokenGrant,
    RenewedToken,
    ServiceAccountGrant,
)
from segmentloom_sync.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    import requests

SCOPE = "https://www.googleapis.com/auth/datamanager"
OAUTH_ENDPOINT = "https://oauth2.googleapis.com/token"
MAX_MEMBERS = 10_000
MEMBER_DAYS = 540
LISTS_PER_PAGE = 1000

_FIELDS = {"email": "emailAddress", "phone": "phoneNumber"}
_CONSENT = {"granted": "CONSENT_GRANTED", "denied": "CONSENT_DENIED"}


class Credentials(BaseModel):
    """Either a user's refresh token or a service account's key (as a file or as its text)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    client_id: str | None = None
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    service_account_file: Path | None = None
    service_account_key: SecretStr | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Credentials:
        user = [self.client_id, self.client_secret, self.refresh_token]
        account = [part for part in (self.service_account_file, self.service_account_key) if part]
        if (all(user) and not account) or (len(account) == 1 and not any(user)):
            return self
        raise ValueError(
            "give client_id, client_secret and refresh_token, "
            "or else service_account_file, or else service_account_key"
        )

    def grant(self, token_url: str) -> Grant:
        """What is exchanged for an access token. Raises ConfigError when the key cannot be read."""
        if self.client_id and self.client_secret and self.refresh_token:
            return RefreshTokenGrant(self.client_id, self.client_secret, self.refresh_token)
        return ServiceAccountGrant(self._key(), SCOPE, token_url)

    def _key(self) -> Mapping[str, Any]:
        hint = "point credentials.service_account_file at the JSON key of the account"
        try:
            text = (
                self.service_account_key.get_secret_value()
                if self.service_account_key
                else Path(str(self.service_account_file)).read_text(encoding="utf-8")
            )
            key = json.loads(text)
        except OSError as error:
            raise ConfigError(
                f"google_ads: cannot read {self.service_account_file}: {error.strerror}", hint=hint
            ) from None
        except ValueError:
            key = None
        if not isinstance(key, dict):
            raise ConfigError("google_ads: the service account key is no JSON object", hint=hint)
        return key


class GoogleAdsSettings(DestinationSettings):
    """The block of a `google_ads` destination."""

    type: Literal["google_ads"]
    account_id: str = Field(pattern=r"^\d{10}$|^\d{3}-\d{3}-\d{4}$")
    """The Google Ads account that owns the lists."""
    login_account_id: str | None = Field(default=None, pattern=r"^\d{10}$|^\d{3}-\d{3}-\d{4}$")
    """The manager account whose access is used."""
    credentials: Credentials
    quota_project: str | None = None
    """The Cloud project whose quota is used, where it is not that of the credentials."""
    terms_accepted: bool = False
    """The operator's statement that Google's Customer Match terms are accepted."""
    base_url: str = "https://datamanager.googleapis.com"
    api_version: str = Field(default="v1", pattern=r"^v\d+$")
    token_url: str | None = OAUTH_ENDPOINT
    batch_size: int = Field(default=MAX_MEMBERS, ge=1, le=MAX_MEMBERS)


class GoogleAds:
    """One Google Ads account; see `base.Destination` for what its methods do and raise."""

    type: ClassVar[str] = "google_ads"
    hash_rule: ClassVar[str] = "google"
    identifier_types: ClassVar[tuple[str, ...]] = ("email", "phone")
    demands_consent: ClassVar[bool] = True
    member_days: ClassVar[int | None] = MEMBER_DAYS
    min_matched: ClassVar[int | None] = 100
    Settings: ClassVar[SettingsType] = GoogleAdsSettings

    def __init__(
        self, settings: GoogleAdsSettings, *, clock: Clock, session: requests.Session | None = None
    ) -> None:
        self._settings, self._clock = settings, clock
        self._session = session or http.new_session()
        self.batch_size = settings.batch_size
        self.timeouts = http.Timeouts()
        token_url = settings.token_url or OAUTH_ENDPOINT
        self._tokens = RenewedToken(
            self.type, token_url, settings.credentials.grant(token_url), clock, self._session
        )
        self.account = _digits(settings.account_id)
        self._account = f"accountTypes/GOOGLE_ADS/accounts/{self.account}"

    def find_list(self, name: str) -> AudienceList | None:
        """The open or closed list of that name (names are unique in an account)."""
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        query = {"pageSize": str(LISTS_PER_PAGE), "filter": f'display_name = "{quoted}"'}
        while True:
            answer = self._call("GET", f"{self._account}/userLists", params=query)
            with http.understood(self.type):
                for entry in answer.get("userLists", []):
                    if entry["displayName"] == name:
                        return AudienceList(str(entry["id"]), name)
            if not answer.get("nextPageToken"):
                return None
            query = {**query, "pageToken": answer["nextPageToken"]}

    def create_list(self, name: str, identifier_types: Sequence[str]) -> AudienceList:
        """Create a list for contact data whose members stay as long as Google allows."""
        body = {
            "displayName": name,
            "membershipStatus": "OPEN",
            "membershipDuration": f"{MEMBER_DAYS * 86_400}s",
            "ingestedUserListInfo": {
                "uploadKeyTypes": ["CONTACT_ID"],
                "contactIdInfo": {"dataSourceType": "DATA_SOURCE_TYPE_FIRST_PARTY"},
            },
        }
        answer = self._call("POST", f"{self._account}/userLists", json=body)
        return AudienceList(http.new_id(self.type, answer.get("id")), name)

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        """Send one request. Google takes all of it or nothing, and says later what became of it."""
        if operation == "add" and not self._settings.terms_accepted:
            raise ConfigError(
                "google_ads: Google's Customer Match terms are not accepted in the settings",
                hint="read the terms in the Google Ads account, then set terms_accepted: true",
            )
        body: dict[str, Any] = {
            "destinations": [self._destination(audience_list.id)],
            "audienceMembers": [self._member(member, operation) for member in members],
            "encoding": "HEX",
        }
        if operation == "add":
            body["termsOfService"] = {"customerMatchTermsOfServiceStatus": "ACCEPTED"}
            if self._settings.consent != "from_profile":
                body["consent"] = _consent(_CONSENT[self._settings.consent])
        verb = "ingest" if operation == "add" else "remove"
        answer = self._call("POST", f"audienceMembers:{verb}", list_name=audience_list.name, json=body)
        return Receipt(request_id=_request_id(answer), is_pending=True)

    def check_remove_all(self, audience_list: AudienceList, added_before: datetime) -> None:
        """Have Google validate the request without applying it."""
        self._remove_all(audience_list, added_before, {"validateOnly": True})

    def remove_all(self, audience_list: AudienceList, added_before: datetime) -> str:
        """Remove all members last added before a moment; Google says later what became of it."""
        return _request_id(self._remove_all(audience_list, added_before, {}))

    def _remove_all(
        self, audience_list: AudienceList, added_before: datetime, options: Mapping[str, bool]
    ) -> dict[str, Any]:
        body = {
            "destinations": [self._destination(audience_list.id)],
            "removeAsOfTime": added_before.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            **options,
        }
        return self._call("POST", "audienceMembers:removeAll", list_name=audience_list.name, json=body)

    def request_status(self, request_id: str) -> RequestStatus:
        """What became of a request; Google keeps it for about 50 days."""
        answer = self._call("GET", "requestStatus:retrieve", params={"requestId": request_id})
        with http.understood(self.type):
            return google_answers.request_status(answer)

    def match_rates(self, audience_list: AudienceList) -> Sequence[MatchRate]:
        """The list's match rate in per cent. Absent and 0 look alike, so neither is reported."""
        entry = self._call("GET", self._path(audience_list), list_name=audience_list.name)
        with http.understood(self.type):
            info = entry.get("ingestedUserListInfo", {}).get("contactIdInfo", {})
            percent = float(info.get("matchRatePercentage", 0))
        return (MatchRate("percent", "matchRatePercentage", lower=percent, upper=percent),) if percent else ()

    def list_state(self, audience_list: AudienceList) -> ListState:
        """Whether the list is open, and the greatest of its sizes; small lists show 0, which is none."""
        entry = self._call("GET", self._path(audience_list), list_name=audience_list.name)
        with http.understood(self.type):
            status = google_answers.code(entry.get("membershipStatus"))
            largest = max((int(size) for size in entry.get("sizeInfo", {}).values()), default=0)
        size = MatchRate("bounds", "sizeInfo", lower=largest, upper=largest) if largest else None
        return ListState(status, "closed" if status == "CLOSED" else "good", size)

    def description(self, audience_list: AudienceList) -> str:
        """What Google Ads shows beside the list's name."""
        entry = self._call("GET", self._path(audience_list), list_name=audience_list.name)
        with http.understood(self.type):
            return str(entry.get("description", ""))

    def describe(self, audience_list: AudienceList, text: str) -> None:
        """Change the description and nothing else."""
        self._call(
            "PATCH",
            self._path(audience_list),
            list_name=audience_list.name,
            params={"updateMask": "description"},
            json={"description": text},
        )

    def _path(self, audience_list: AudienceList) -> str:
        return f"{self._account}/userLists/{audience_list.id}"

    def _member(self, member: Member, operation: Operation) -> dict[str, Any]:
        identifiers = [{_FIELDS[kind]: value} for kind, value in member.identifiers]
        entry: dict[str, Any] = {"compositeData": {"userData": {"userIdentifiers": identifiers}}}
        if operation == "add" and member.consent and self._settings.consent == "from_profile":
            entry["consent"] = _consent(_CONSENT[member.consent])
        return entry

    def _destination(self, list_id: str) -> dict[str, Any]:
        destination: dict[str, Any] = {
            "operatingAccount": _account(self._settings.account_id),
            "productDestinationId": list_id,
        }
        if self._settings.login_account_id:
            destination["loginAccount"] = _account(self._settings.login_account_id)
        return destination

    def _headers(self, path: str) -> dict[str, str]:
        """The list service takes the manager account as a header, the ingestion service in the body."""
        headers = {}
        if self._settings.quota_project:
            headers["x-goog-user-project"] = self._settings.quota_project
        if self._settings.login_account_id and path.startswith("accountTypes/"):
            login = _digits(self._settings.login_account_id)
            headers["login-account"] = f"accountTypes/GOOGLE_ADS/accounts/{login}"
        return headers

    def _call(self, method: str, path: str, *, list_name: str | None = None, **kwargs: Any) -> dict[str, Any]:
        """One request, once more with a new token if the first was refused.

        Args:
            list_name: the list that the request is about, for the error when it is gone.
        """
        url = f"{self._settings.base_url}/{self._settings.api_version}/{path}"
        reply = self._send(method, url, self._headers(path), **kwargs)
        if reply.status == 401 and self._tokens.renew():
            reply = self._send(method, url, self._headers(path), **kwargs)
        if reply.is_ok and isinstance(reply.body, dict):
            return reply.body
        if reply.is_ok:
            raise Unavailable("google_ads answered with no JSON", applied_unknown=True)
        raise google_answers.error(reply, self._clock.now(), list_name)

    def _send(self, method: str, url: str, headers: Mapping[str, str], **kwargs: Any) -> http.Reply:
        auth = http.Bearer(self._tokens.token())
        return http.send(
            self._session,
            self.type,
            method,
            url,
            auth=auth,
            timeouts=self.timeouts,
            headers=headers,
            **kwargs,
        )


def _request_id(answer: Mapping[str, Any]) -> str:
    request_id = answer.get("requestId")
    if not isinstance(request_id, str):
        raise Unavailable("google_ads answered without a request id", applied_unknown=True)
    return request_id


def _digits(account_id: str) -> str:
    return account_id.replace("-", "")


def _account(account_id: str) -> dict[str, str]:
    return {"accountType": "GOOGLE_ADS", "accountId": _digits(account_id)}


def _consent(status: str) -> dict[str, str]:
    return {"adUserData": status, "adPersonalization": status}
