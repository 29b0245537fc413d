"""A platform in memory: sets of identifiers behind the interface of a destination, with scripted faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from segmentloom_sync.destinations.base import (
    AudienceList,
    Clock,
    Destination,
    Identifier,
    MatchRate,
    Member,
    Operation,
    Receipt,
    RequestStatus,
)
from segmentloom_sync.destinations.list_state import ListState
from segmentloom_sync.destinations.settings import DestinationSettings, SettingsType
from segmentloom_sync.errors import ConfigError, CredentialsError, DestinationMissing, Rejected, Unavailable
from segmentloom_sync.settings import ConfiguredDestination
from segmentloom_sync.sync.target import SyncTarget
from tests.unit.sync.shop import AUDIENCE

Refusal = Literal["items", "positions", "unnamed", "counted", "members"]
"""`members`: whoever has a bad identifier is refused with all of them, though the good ones are applied."""
Fault = Literal["ok", "busy", "lost", "partial", "unsure", "credentials", "blocked"]
"""`busy`: refused unread; `lost`: applied, answer lost; `partial`: the second half of the identifiers is
refused by name; `unsure`: half is applied and all is reported as unknown; `blocked`: the account is
refused."""


@dataclass
class Call:
    """A request as it arrived."""

    operation: Operation
    members: list[Member]

    @property
    def identifiers(self) -> set[Identifier]:
        return {entry for member in self.members for entry in member.identifiers}


@dataclass
class MemoryPlatform:
    """Lists are sets, by list id. `bad` identifiers are refused, in the way that `refusal` says."""

    type: ClassVar[str] = "memory"
    hash_rule: ClassVar[str] = "test"
    identifier_types: ClassVar[tuple[str, ...]] = ("email", "phone")
    demands_consent: ClassVar[bool] = True
    member_days: ClassVar[int | None] = 540
    min_matched: ClassVar[int | None] = None
    Settings: ClassVar[SettingsType] = DestinationSettings

    batch_size: int = 2
    lists: dict[str, set[Identifier]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    created: int = 0
    """Lists so far: the id of one that is gone is not used again."""
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    retry_after: float | None = None
    bad: set[Identifier] = field(default_factory=set)
    refusal: Refusal = "items"
    is_asynchronous: bool = False
    questions: int = 0
    is_unreachable: bool = False
    is_late: bool = False
    """Applies what it took only in `finish`, and the newest first: no order is promised."""
    requests: dict[str, RequestStatus] = field(default_factory=dict)
    rates: list[MatchRate] = field(default_factory=list)
    before_push: Callable[[], None] = lambda: None
    late: dict[str, tuple[str, Operation, Sequence[Identifier]]] = field(default_factory=dict)

    @property
    def members(self) -> set[Identifier]:
        """What all lists hold."""
        return set().union(*self.lists.values())

    def find_list(self, name: str) -> AudienceList | None:
        return AudienceList(self.names[name], name) if name in self.names else None

    def create_list(self, name: str, identifier_types: Sequence[str]) -> AudienceList:
        fault = self.faults.pop(0) if self.faults else "ok"
        if fault == "busy":
            raise Unavailable("busy")
        self.created += 1
        self.names[name] = f"list-{self.created}"
        self.lists[self.names[name]] = set()
        if fault == "lost":
            raise Unavailable("no answer", applied_unknown=True)
        return AudienceList(self.names[name], name)

    def delete_list(self, name: str) -> None:
        """As somebody does at the platform."""
        del self.lists[self.names.pop(name)]

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        self.before_push()
        assert len(members) <= self.batch_size
        fault = self.faults.pop(0) if self.faults else "ok"
        if fault == "credentials":
            raise CredentialsError("the token was refused")
        if fault == "blocked":
            raise Rejected("the account is blocked", is_about_members=False)
        if fault == "busy":
            raise Unavailable("busy", retry_after=self.retry_after)
        if audience_list.id not in self.lists:
            raise DestinationMissing(f"list {audience_list.name} is gone")
        call = Call(operation, list(members))
        self.calls.append(call)
        bad = call.identifiers & self.bad if operation == "add" else set()
        if bad and self.refusal in ("positions", "unnamed"):
            raise self._refused(members)
        sent = sorted(call.identifiers - bad)
        rejected = dict.fromkeys(bad, "not valid")
        if fault == "partial":
            rejected |= dict.fromkeys(sent[len(sent) // 2 :], "not today")
        applied = [entry for entry in sent if entry not in rejected]
        if fault == "unsure":
            applied = applied[: len(applied) // 2]
        if self.is_late and fault in ("ok", "partial"):
            self.late[self._request_id] = (audience_list.id, operation, applied)
        else:
            self._apply(audience_list.id, operation, applied)
        if fault == "lost":
            raise Unavailable("no answer", applied_unknown=True)
        if fault == "unsure":
            return Receipt(unknown=frozenset(call.identifiers))
        if bad and self.refusal == "counted" and len(members) > 1:
            return Receipt(unnamed_rejections=len(bad))
        if self.refusal == "members":
            refused = [member for member in members if bad & set(member.identifiers)]
            rejected |= dict.fromkeys(Call(operation, refused).identifiers, "not valid")
        return self._receipt(rejected)

    def _apply(self, list_id: str, operation: Operation, identifiers: Sequence[Identifier]) -> None:
        if operation == "add":
            self.lists[list_id].update(identifiers)
        else:
            self.lists[list_id].difference_update(identifiers)

    def finish(self, *request_ids: str) -> None:
        """The platform is done with the requests, by default with all that it works on."""
        for request_id in request_ids or reversed(self.working):
            self.requests[request_id] = RequestStatus("succeeded")
            if request_id in self.late:
                self._apply(*self.late.pop(request_id))

    def fail(
        self, request_id: str, *, applied: float = 0.0, is_passing: bool = False, is_silent: bool = False
    ) -> None:
        """It is done with a request, of which it has applied a part only, and says how many it has not."""
        list_id, operation, identifiers = self.late.pop(request_id, ("", "add", ()))
        done = identifiers[: int(len(identifiers) * applied)]
        if list_id in self.lists:
            self._apply(list_id, operation, done)
        failed = len(identifiers) - len(done)
        state: Literal["partial", "failed"] = "partial" if done else "failed"
        if is_silent:
            self.requests[request_id] = RequestStatus(state, is_unexplained=True)
        else:
            self.requests[request_id] = RequestStatus(
                state, failed, {"not today": failed}, is_passing=is_passing
            )

    @property
    def working(self) -> list[str]:
        """The requests that it works on, oldest first."""
        return [name for name, status in self.requests.items() if status.state == "processing"]

    @property
    def _request_id(self) -> str:
        return f"request-{len(self.calls)}"

    def _receipt(self, rejected: dict[Identifier, str]) -> Receipt:
        request_id = self._request_id
        if self.is_asynchronous:
            self.requests[request_id] = RequestStatus("processing")
        return Receipt(rejected=rejected, request_id=request_id, is_pending=self.is_asynchronous)

    def _refused(self, members: Sequence[Member]) -> Rejected:
        positions = frozenset(
            position for position, member in enumerate(members) if self.bad & set(member.identifiers)
        )
        return Rejected("malformed", bad_positions=positions if self.refusal == "positions" else frozenset())

    def request_status(self, request_id: str) -> RequestStatus:
        self.questions += 1
        if self.is_unreachable:
            raise Unavailable("cannot be reached")
        return self.requests[request_id]

    def match_rates(self, audience_list: AudienceList) -> Sequence[MatchRate]:
        if audience_list.id not in self.lists:
            raise DestinationMissing(f"list {audience_list.name} is gone")
        return self.rates


def buyers(platform: MemoryPlatform) -> SyncTarget:
    """The list Buyers at a platform, which tries nothing twice."""
    return SyncTarget(
        audience=AUDIENCE,
        destination_name="memory",
        destination=platform,
        list_name="Buyers",
        identifier_types=("email", "phone"),
        consent_rule="granted",
        max_retries=0,
    )


@dataclass(frozen=True)
class OneDestination:
    """Settings that name one destination."""

    name: str
    destination: Destination

    def destinations(self, names: Iterable[str], clock: Clock) -> dict[str, ConfiguredDestination]:
        for name in names:
            if name != self.name:
                raise ConfigError(f"segmentloom.yml has no destination '{name}'")
        block = DestinationSettings(
            type=self.destination.type,
            base_url="https://a.test",
            api_version="1",
            batch_size=2,
            max_retries=0,
        )
        return {self.name: ConfiguredDestination(self.name, self.destination, block)}


@dataclass
class DescribedPlatform(MemoryPlatform):
    """Keeps a text with each list."""

    texts: dict[str, str] = field(default_factory=dict)

    def description(self, audience_list: AudienceList) -> str:
        return self.texts.get(audience_list.id, "")

    def describe(self, audience_list: AudienceList, text: str) -> None:
        self.texts[audience_list.id] = text


@dataclass
class StatedPlatform(DescribedPlatform):
    """Says how its lists are."""

    state: ListState = field(default_factory=lambda: ListState("OPEN"))

    def list_state(self, audience_list: AudienceList) -> ListState:
        if audience_list.id not in self.lists:
            raise DestinationMissing(f"list {audience_list.name} is gone")
        return self.state

    def lose_members(self) -> None:
        for members in self.lists.values():
            members.clear()
