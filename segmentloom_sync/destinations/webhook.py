"""A signed webhook: batches of additions and removals posted to a URL of your own.

The protocol is described in docs/webhook.md: events in the envelope of Standard Webhooks, each signed; a
batch keeps its `webhook-id` when it is sent again.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from segmentloom_sync.destinations import http, webhook_answers
from segmentloom_sync.destinations.base import (
    AudienceList,
    Clock,
    MatchRate,
    Member,
    Operation,
    Receipt,
    RequestStatus,
)
from segmentloom_sync.destinations.settings import DestinationSettings, SettingsType
from segmentloom_sync.destinations.webhook_signature import SigningSecret, sign
from segmentloom_sync.errors import Unavailable

if TYPE_CHECKING:
    import requests

MAX_MEMBERS = 10_000
ANSWER_BYTES = 4 * 1024 * 1024
"""Room for an outcome with a reason for each member of the greatest batch."""


class WebhookSettings(DestinationSettings):
    """The block of a `webhook` destination."""

    type: Literal["webhook"]
    base_url: str
    """Where the events are posted, exactly: a public host, https."""
    signing_secret: SigningSecret
    """Shared with the receiver: `whsec_` and 24 to 64 random bytes in base64."""
    former_signing_secret: SigningSecret | None = None
    """The one that is being replaced: while it is here, each request carries a signature of both."""
    allow_loopback: bool = False
    """Let `base_url` lead to this machine, with http too."""
    api_version: Literal["v1"] = "v1"
    """The version of the protocol."""
    batch_size: int = Field(default=1_000, ge=1, le=MAX_MEMBERS)

    @model_validator(mode="after")
    def _http_is_allowed(self) -> WebhookSettings:
        if urlsplit(self.base_url).scheme != "https" and not self.allow_loopback:
            raise ValueError("base_url must start with https:// (http:// needs allow_loopback: true)")
        return self


@dataclass(frozen=True, slots=True)
class _Event:
    """What is posted, the same again when it is repeated."""

    content: str
    """The SHA-256 of what it says, its id and time left out."""
    webhook_id: str
    body: bytes


class Webhook:
    """One receiver; see `base.Destination` for what its methods do and raise.

    A host that is not public raises ConfigError, from any method.
    """

    type: ClassVar[str] = "webhook"
    hash_rule: ClassVar[str] = "plain"
    identifier_types: ClassVar[tuple[str, ...]] = ("email", "phone")
    demands_consent: ClassVar[bool] = False
    member_days: ClassVar[int | None] = None
    min_matched: ClassVar[int | None] = None
    Settings: ClassVar[SettingsType] = WebhookSettings

    def __init__(
        self, settings: WebhookSettings, *, clock: Clock, session: requests.Session | None = None
    ) -> None:
        self._settings, self._clock = settings, clock
        self.account = _receiver(settings.base_url)
        self._session = session or _public_session(settings)
        self._secrets = [
            secret for secret in (settings.signing_secret, settings.former_signing_secret) if secret
        ]
        self.batch_size = settings.batch_size
        self.timeouts = http.Timeouts()
        self._unanswered: dict[str, _Event] = {}
        """By list, the last batch if it got no answer: repeated at once, it keeps its id."""

    def find_list(self, name: str) -> AudienceList | None:
        """The receiver's list of that name. One that answers 204 keeps no lists: the name is the id then."""
        reply = self._post(self._event("list.find", {"list": {"name": name}}))
        if reply.status in webhook_answers.PLAIN:
            return AudienceList(name, name)
        described = webhook_answers.list_of(reply)
        return AudienceList(described["id"], name) if described else None

    def create_list(self, name: str, identifier_types: Sequence[str]) -> AudienceList:
        """Ask the receiver for a new list."""
        data = {"list": {"name": name}, "identifier_types": list(identifier_types)}
        described = webhook_answers.list_of(self._post(self._event("list.create", data)))
        if described is None:
            raise Unavailable("the webhook's receiver named no id for the new list", applied_unknown=True)
        return AudienceList(described["id"], name)

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        """Post one batch. Repeated after an answer that was lost, it has the id that it had before."""
        data = {
            "list": {"id": audience_list.id, "name": audience_list.name},
            "members": [
                {"identifiers": [{"type": kind, "value": value} for kind, value in member.identifiers]}
                for member in members
            ],
        }
        event = self._event(f"members.{operation}", data)
        before = self._unanswered.pop(audience_list.id, None)
        if before is not None and before.content == event.content:
            event = before
        try:
            reply = self._post(event, audience_list)
        except Unavailable:
            self._unanswered[audience_list.id] = event
            raise
        return webhook_answers.receipt(reply, members, event.webhook_id)

    def request_status(self, request_id: str) -> RequestStatus:
        """A receiver's answers are final."""
        return RequestStatus("succeeded")

    def match_rates(self, audience_list: AudienceList) -> Sequence[MatchRate]:
        """What the receiver counts as `matched` and `submitted`, where it counts."""
        data = {"list": {"id": audience_list.id, "name": audience_list.name}}
        reply = self._post(self._event("list.status", data), audience_list)
        if reply.status in webhook_answers.PLAIN:
            return ()
        described = webhook_answers.list_of(reply)
        if described is None:
            raise webhook_answers.gone(audience_list)
        matched, submitted = described.get("matched"), described.get("submitted")
        if not isinstance(matched, int) or not isinstance(submitted, int):
            return ()
        return (MatchRate("counts", "matched/submitted", matched=matched, submitted=submitted),)

    def _event(self, kind: str, data: dict[str, Any]) -> _Event:
        said = {"type": kind, "api_version": self._settings.api_version, "data": data}
        content = hashlib.sha256(json.dumps(said).encode()).hexdigest()
        timed = {**said, "timestamp": self._clock.now().isoformat()}
        body = json.dumps(timed, separators=(",", ":")).encode()
        return _Event(content, f"msg_{uuid.uuid4().hex}", body)

    def _post(self, event: _Event, audience_list: AudienceList | None = None) -> http.Reply:
        """One request. `audience_list`: the list it is about, for the error when that is gone."""
        timestamp = int(self._clock.now().timestamp())
        reply = http.send(
            self._session,
            self.type,
            "POST",
            self._settings.base_url,
            auth=http.Anonymous(),
            timeouts=self.timeouts,
            max_bytes=ANSWER_BYTES,
            data=event.body,
            headers={
                "Content-Type": "application/json",
                "webhook-id": event.webhook_id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": sign(self._secrets, event.webhook_id, timestamp, event.body),
            },
        )
        if reply.is_ok:
            return reply
        raise webhook_answers.error(reply, self._clock.now(), audience_list)


def _receiver(url: str) -> str:
    """The host and a digest of all that names the receiver there, as paths may be secret."""
    parts = urlsplit(url)
    place = f"{parts.hostname}{parts.path}"
    return f"{parts.hostname} ({hashlib.sha256(place.encode()).hexdigest()[:12]})"


def _public_session(settings: WebhookSettings) -> requests.Session:
    from segmentloom_sync.destinations import public_addresses

    return public_addresses.session(allow_loopback=settings.allow_loopback)
