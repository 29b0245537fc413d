"""The interface of a destination: it translates and classifies. Deltas, batches, retries, the ledger and
reports are the runner's.

A destination is a class registered in the entry-point group `segmentloom.destinations`; its `Settings`
is the pydantic model of its block in segmentloom.yml.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from segmentloom_sync.destinations.settings import SettingsType

Operation = Literal["add", "remove"]
ConsentStatus = Literal["granted", "denied"]


class Identifier(NamedTuple):
    """An identifier as the platform wants it: normalised and hashed by the warehouse."""

    type: str
    """`email`, `phone`, ..."""
    value: str
    """Lower-case hex SHA-256 (or the plain value where the platform takes it plain). Personal data."""


class Member(NamedTuple):
    """What is sent of one person in one batch."""

    identifiers: tuple[Identifier, ...]
    consent: ConsentStatus | None = None
    """The person's consent to both uses, user data and personalisation. Granted where the destination demands
    consent and its `consent` is `from_profile`, since nobody else is sent there then; else None."""


@dataclass(frozen=True, slots=True)
class AudienceList:
    """A list at the platform."""

    id: str
    name: str
    noted_at: datetime | None = field(default=None, compare=False)
    """When it was created or found; None where that is not known. Some platforms do not show a
    new list at once."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's answer for one batch: every identifier not named here was accepted."""

    rejected: Mapping[Identifier, str] = field(default_factory=dict)
    """Identifiers that the platform refused for good, with its reason (never a value)."""
    unknown: frozenset[Identifier] = frozenset()
    """Identifiers that may or may not have been applied; they are sent again."""
    request_id: str | None = None
    """The platform's name for the request, for its support and for `request_status`."""
    is_pending: bool = False
    """True when the platform will only say later, by `request_status(request_id)`, what became of it."""
    unnamed_rejections: int = 0
    """How many members the platform counts as refused without saying which (Meta). Never set for a batch of
    one member: then its identifiers are in `rejected`. When it is above 0, halve the batch and push each half
    again (safe, lists are sets) until every refused member has a name."""


@dataclass(frozen=True, slots=True)
class MatchRate:
    """What the platform reports about matching, never an estimate of ours."""

    kind: Literal["range", "percent", "bounds", "counts"]
    source: str
    """The field of the platform's answer, e.g. `uploadMatchRateRange`."""
    lower: float | None = None
    """Per cent (0 to 100) for `range` and `percent`, people for `bounds`."""
    upper: float | None = None
    matched: int | None = None
    submitted: int | None = None
    identifier_type: str | None = None


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """What became of an asynchronous request."""

    state: Literal["processing", "succeeded", "partial", "failed"]
    failed_count: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    match_rates: Sequence[MatchRate] = ()
    is_passing: bool = False
    """True when it failed for a reason that passes, so that it helps to send again."""
    is_unexplained: bool = False
    """True when it failed and the platform does not say why: it is sent again twice, then halved."""


class Destination(Protocol):
    """One ad platform, for one configured account.

    Made as `Type(settings, clock=..., session=None)`. Methods raise the errors of `segmentloom_sync.errors`:
    Unavailable (may help to try again), Rejected, DestinationMissing (the list of the call is gone),
    CredentialsError, and ConfigError where a person must act first (terms to accept, a retired API version).
    They never try again themselves, save for one renewal of an expired access token.
    """

    Settings: ClassVar[SettingsType]
    """The model of its block in segmentloom.yml."""

    type: ClassVar[str]
    """The platform's name in segmentloom.yml, the ledger, the CLI and metrics, e.g. `google_ads`."""
    hash_rule: ClassVar[str]
    """Which rows of `hashed_identifiers` are this platform's."""
    identifier_types: ClassVar[tuple[str, ...]]
    """What it accepts, in order of strength."""
    demands_consent: ClassVar[bool]
    """True (with the setting `consent: from_profile`) when a person of unknown consent may not be sent."""
    member_days: ClassVar[int | None]
    """Days after which the platform forgets a member that was not added again; None: never."""
    min_matched: ClassVar[int | None]
    """Matched people below which the platform uses no list; None: it uses any. Only warned about."""
    batch_size: int
    """Members per request; the platform's maximum unless configured smaller."""

    def find_list(self, name: str) -> AudienceList | None:
        """The list of that name in the account, or None."""
        ...

    def create_list(self, name: str, identifier_types: Sequence[str]) -> AudienceList:
        """Create a list. Not idempotent: call `find_list` first, after a timeout too."""
        ...

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        """Add members to the list or remove them. Safe to repeat: lists are sets.

        Args:
            members: at most `batch_size`, with identifiers of `identifier_types` only.
        """
        ...

    def request_status(self, request_id: str) -> RequestStatus:
        """What became of a request whose receipt was pending."""
        ...

    def match_rates(self, audience_list: AudienceList) -> Sequence[MatchRate]:
        """What the platform reports of the list now; empty while it reports nothing."""
        ...


class Clock(Protocol):
    """The time, injectable so that tests and simulators need not wait."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
