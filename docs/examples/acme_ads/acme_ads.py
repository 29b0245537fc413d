"""A destination of your own in one module. Put your platform's name and the words of its API in."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import requests
from pydantic import Field

from segmentloom_sync.destinations import base, http
from segmentloom_sync.destinations.settings import DestinationSettings, Secret, SettingsType
from segmentloom_sync.errors import CredentialsError, DestinationMissing, Rejected, Unavailable


class AcmeAdsSettings(DestinationSettings):
    """Its block in segmentloom.yml: what the API needs, with defaults."""

    type: Literal["acme_ads"]
    access_token: Secret
    base_url: str = "https://api.acme-ads.example"
    api_version: str = "v1"
    batch_size: int = Field(default=500, ge=1, le=500)


class AcmeAds:
    """It translates and classifies; deltas, batches, retries and the ledger are the runner's."""

    type: ClassVar[str] = "acme_ads"
    hash_rule: ClassVar[str] = "plain"  # or google, meta, linkedin, tiktok: see docs/destinations.md
    identifier_types: ClassVar[tuple[str, ...]] = ("email", "phone")
    demands_consent: ClassVar[bool] = False
    member_days: ClassVar[int | None] = None  # the platform never forgets a member
    min_matched: ClassVar[int | None] = None  # and uses lists of any size
    Settings: ClassVar[SettingsType] = AcmeAdsSettings

    def __init__(
        self, settings: AcmeAdsSettings, *, clock: base.Clock, session: requests.Session | None = None
    ) -> None:
        self._settings, self._clock, self._session = settings, clock, session or http.new_session()
        self.batch_size, self.timeouts = settings.batch_size, http.Timeouts()

    def find_list(self, name: str) -> base.AudienceList | None:
        answer = self._call("GET", "lists", params={"name": name})
        with http.understood(self.type):  # an answer in another form is no empty one
            found = [entry for entry in answer["lists"] if entry["name"] == name]
            return base.AudienceList(str(found[0]["id"]), name) if found else None

    def create_list(self, name: str, identifier_types: Sequence[str]) -> base.AudienceList:
        answer = self._call("POST", "lists", json={"name": name})
        return base.AudienceList(http.new_id(self.type, answer.get("id")), name)

    def push(
        self, audience_list: base.AudienceList, operation: base.Operation, members: Sequence[base.Member]
    ) -> base.Receipt:
        people = [{"identifiers": [one._asdict() for one in member.identifiers]} for member in members]
        body = {"operation": operation, "members": people}
        answer = self._call("POST", f"lists/{audience_list.id}/members", audience_list.name, json=body)
        with http.understood(self.type):  # each member not refused was taken
            refused = {int(entry["position"]): str(entry["code"]) for entry in answer["refused"]}
            rejected = {one: code for at, code in refused.items() for one in members[at].identifiers}
        return base.Receipt(rejected=rejected, request_id=answer.get("request_id"))

    def request_status(self, request_id: str) -> base.RequestStatus:
        return base.RequestStatus("succeeded")  # receipts are final here

    def match_rates(self, audience_list: base.AudienceList) -> Sequence[base.MatchRate]:
        answer = self._call("GET", f"lists/{audience_list.id}", audience_list.name)
        with http.understood(self.type):  # what the platform reports, never an estimate
            matched, submitted = int(answer["matched"]), int(answer["submitted"])
        return (base.MatchRate("counts", "matched/submitted", matched=matched, submitted=submitted),)

    def _call(self, method: str, path: str, list_name: str | None = None, **content: Any) -> dict[str, Any]:
        url = f"{self._settings.base_url}/{self._settings.api_version}/{path}"
        auth = http.Bearer(self._settings.access_token.get_secret_value())
        reply = http.send(self._session, self.type, method, url, auth=auth, timeouts=self.timeouts, **content)
        if reply.is_ok and isinstance(reply.body, dict):
            return reply.body
        if reply.is_ok:  # whatever this is, the request may have been applied
            raise Unavailable("acme_ads answered with no JSON object", applied_unknown=True)
        if fault := http.server_fault(self.type, reply, self._clock.now()):
            raise fault
        if reply.status == 429:
            wait = http.retry_after(reply.headers, self._clock.now())
            raise Unavailable("acme_ads limits the rate", retry_after=wait)
        if reply.status in (401, 403):
            raise CredentialsError("acme_ads refused the access token", hint="make a new one")
        if reply.status == 404 and "error" not in reply.object():  # a proxy's, which knows of no list
            raise http.foreign(self.type, reply)
        if reply.status == 404 and list_name is not None:
            raise DestinationMissing(f"acme_ads: the list '{list_name}' is gone")
        about_members = reply.status in http.ABOUT_CONTENT
        raise Rejected(f"acme_ads refused the request ({reply.status})", is_about_members=about_members)
