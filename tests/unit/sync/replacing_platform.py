"""A platform in memory that removes whoever was last added before a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from segmentloom_sync.destinations.base import (
    AudienceList,
    Identifier,
    Member,
    Operation,
    Receipt,
    RequestStatus,
)
from segmentloom_sync.errors import ConfigError, Unavailable
from tests.unit.sync.machine import WatchedPlatform
from tests.unit.sync.shop import TestClock


@dataclass(frozen=True)
class Removal:
    """A request to remove whoever was added before a moment."""

    list_id: str
    moment: datetime


class ReplacingPlatform(WatchedPlatform):
    """Knows when each identifier was last added, by the time of the request, which is the earliest.

    Args:
        removes: called with whom `remove_all` removes.
    """

    def __init__(
        self,
        check: Callable[[], None],
        operation: Callable[[], None],
        clock: TestClock,
        removes: Callable[[set[Identifier]], None],
    ) -> None:
        super().__init__(check, operation)
        self._clock, self._removes = clock, removes
        self._added_at: dict[Identifier, datetime] = {}
        self._received: dict[str, datetime] = {}
        self._late_removals: dict[str, Removal] = {}
        self._applied_as_of: datetime | None = None
        self.removals = 0

    def put(self, stranger: Identifier, at: datetime) -> None:
        """As others do."""
        for members in self.lists.values():
            members.add(stranger)
        self._added_at[stranger] = at

    def take_back(self, strangers: Iterable[Identifier]) -> None:
        """As others do."""
        for members in self.lists.values():
            members.difference_update(strangers)

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        self._received[f"request-{len(self.calls) + 1}"] = self._clock.now()
        return super().push(audience_list, operation, members)

    def _apply(self, list_id: str, operation: Operation, identifiers: Sequence[Identifier]) -> None:
        if operation == "add":
            at = self._applied_as_of or self._clock.now()
            self._added_at |= {entry: max(at, self._added_at.get(entry, at)) for entry in identifiers}
        super()._apply(list_id, operation, identifiers)

    def check_remove_all(self, audience_list: AudienceList, added_before: datetime) -> None:
        if added_before > self._clock.now():
            raise ConfigError("in the future")

    def remove_all(self, audience_list: AudienceList, added_before: datetime) -> str | None:
        self._operation()
        fault = self.faults.pop(0) if self.faults else "ok"
        if fault == "busy":
            raise Unavailable("busy")
        self.check_remove_all(audience_list, added_before)
        self.removals += 1
        request_id, removal = f"removal-{self.removals}", Removal(audience_list.id, added_before)
        if self.is_late and fault == "ok":
            self._late_removals[request_id] = removal
        else:
            self._remove(removal)
        self._operation()
        if fault == "lost":
            raise Unavailable("no answer", applied_unknown=True)
        if not self.is_asynchronous:
            return None
        self.requests[request_id] = RequestStatus("processing")
        return request_id

    def finish(self, *request_ids: str) -> None:
        for request_id in request_ids or tuple(reversed(self.working)):
            self._applied_as_of = self._received.get(request_id)
            super().finish(request_id)
            self._applied_as_of = None
            if request_id in self._late_removals:
                self._remove(self._late_removals.pop(request_id))

    def _remove(self, removal: Removal) -> None:
        members = self.lists[removal.list_id]
        removed = {entry for entry in members if self._added_at[entry] < removal.moment}
        self._removes(removed)
        members -= removed
