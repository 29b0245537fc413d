"""Pushes one batch: filters it, repeats it, and halves it until every refused identifier has a name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from segmentloom_sync.destinations.base import (
    AudienceList,
    Destination,
    Identifier,
    Member,
    Operation,
    Receipt,
)
from segmentloom_sync.errors import Rejected, Unavailable
from segmentloom_sync.sync.outcome import BatchOutcome, Request
from segmentloom_sync.sync.retry import Attempts


class _NothingTaken(Exception):
    """So many requests were refused, and none taken, that the rest is not tried."""

    def __init__(self, refused: Rejected) -> None:
        super().__init__()
        self.refused = refused


@dataclass(slots=True)
class BatchPush:
    """One batch on its way.

    Args:
        read_barred: which identifiers may not be sent at this moment; asked before each further request.
        barred: the same as of now, for the first request.
    """

    destination: Destination
    audience_list: AudienceList
    operation: Operation
    attempts: Attempts
    read_barred: Callable[[], frozenset[Identifier]]
    barred: frozenset[Identifier]
    outcome: BatchOutcome = field(default_factory=BatchOutcome)
    _touched: set[Identifier] = field(default_factory=set)
    _is_fresh: bool = True
    _refusals: int = 0
    _refusal_limit: int = 0
    _suspects: dict[Identifier, Rejected] = field(default_factory=dict)

    def send(self, members: Sequence[Member]) -> Unavailable | Rejected | None:
        """Push the members and fill `outcome`.

        Returns:
            What ended the push early: the rest of the batch is unknown then. A refusal when nothing of the
            batch was taken and nobody was named: then it may be the members or the list.

        Raises:
            Rejected: the platform refuses the request, whoever is in it.
            DestinationMissing, CredentialsError, ConfigError: as the destination raises them.
        """
        self.outcome.sent = _count(members)
        self._refusal_limit = 2 * math.ceil(math.log2(len(members) + 1)) + 8
        waiting = [list(members)]
        while waiting:
            part = waiting.pop()
            try:
                waiting += self._send_part(part)
            except Unavailable as error:
                for rest in (part, *waiting):
                    self.outcome.unknown |= _identifiers(rest) - self.outcome.cut
                self.outcome.unknown |= self._suspects.keys()
                return error
            except _NothingTaken as error:
                return self._leave_open(members, error.refused)
        if self._suspects and not self.outcome.requests:
            return self._leave_open(members, next(iter(self._suspects.values())))
        # A refused identifier is bad only where others of the batch were taken.
        self.outcome.rejected.update((entry, refused.message) for entry, refused in self._suspects.items())
        return None

    def _leave_open(self, members: Sequence[Member], refused: Rejected) -> Rejected:
        self.outcome.unknown |= _identifiers(members) - self.outcome.cut - self.outcome.rejected.keys()
        return refused

    def _send_part(self, members: list[Member]) -> list[list[Member]]:
        """Push some members; returns the parts that have to be pushed again."""
        try:
            allowed, receipt = self.attempts.call(
                lambda: self._request(members), proves=lambda result: result[1] is not None
            )
        except Rejected as refused:
            return self._refused(self._allowed(members), refused)
        if receipt is None:
            return []
        if receipt.unnamed_rejections and len(allowed) > 1:
            self._touched |= _identifiers(allowed)
            return _halves(allowed)
        if not receipt.rejected:
            self._took(allowed, receipt)
            return []
        whole: list[Member] = []
        rest: list[Member] = []
        for member in allowed:
            (whole if _is_rejected_whole(member, receipt) else rest).append(member)
        if rest:
            named = _identifiers(whole)
            rejected = {entry: reason for entry, reason in receipt.rejected.items() if entry not in named}
            self._took(rest, replace(receipt, rejected=rejected))
        self._touched |= _identifiers(whole)  # the good ones may have been taken
        return self._each_alone(whole)

    def _request(self, members: list[Member]) -> tuple[list[Member], Receipt | None]:
        """One request, without those who may no longer be sent; None when nobody is left."""
        if not self._is_fresh:
            self.attempts.heartbeat()
            self.barred = self.read_barred()  # nothing comes between this and the request
        self._is_fresh = False
        allowed = self._allowed(members)
        if not allowed:
            return [], None
        try:
            return allowed, self.destination.push(self.audience_list, self.operation, allowed)
        except Unavailable as error:
            if error.applied_unknown:
                self.outcome.was_ambiguous = True
                self._touched |= _identifiers(allowed)
            raise

    def _allowed(self, members: Sequence[Member]) -> list[Member]:
        if not self.barred:
            return list(members)
        barred = _identifiers(members) & self.barred
        self.outcome.cut |= barred - self._touched
        self.outcome.unknown |= barred & self._touched  # an earlier request may have added them
        return [
            Member(kept, member.consent)
            for member in members
            if (kept := tuple(entry for entry in member.identifiers if entry not in self.barred))
        ]

    def _took(self, members: Sequence[Member], receipt: Receipt) -> None:
        self._refusal_limit = 0
        self.outcome.rejected.update(receipt.rejected)
        self.outcome.unknown |= receipt.unknown
        self.outcome.requests.append(
            Request(receipt.request_id, receipt.is_pending, len(members), _count(members))
        )

    def _refused(self, members: list[Member], refused: Rejected) -> list[list[Member]]:
        """Cut out who was named; halve when nobody was."""
        self._refusals += 1
        if refused.bad_positions & set(range(len(members))):
            return self._without_named(members, refused)
        if not refused.is_about_members:
            raise refused
        if self._refusal_limit and self._refusals > self._refusal_limit:
            raise _NothingTaken(refused)  # most likely it isn't the members
        if len(members) == 1 and len(members[0].identifiers) == 1:
            self._suspects[members[0].identifiers[0]] = refused
            return []
        return _halves(members)

    def _without_named(self, members: list[Member], refused: Rejected) -> list[list[Member]]:
        """Reject who was named; whose identifiers are several is sent again with each by itself."""
        rest: list[Member] = []
        several: list[Member] = []
        for position, member in enumerate(members):
            if position not in refused.bad_positions:
                rest.append(member)
            elif len(member.identifiers) == 1:
                self._reject([member], refused.message)
            else:
                several.append(member)
        parts = self._each_alone(several)
        return [*parts, rest] if rest else parts

    def _each_alone(self, members: Sequence[Member]) -> list[list[Member]]:
        """Parts in which each identifier travels by itself: a bad one must not cost the person the others."""
        single = [part for member in members for [part] in _halves([member])]
        size = self.destination.batch_size
        return [single[start : start + size] for start in range(0, len(single), size)]

    def _reject(self, members: Sequence[Member], reason: str) -> None:
        self.outcome.rejected.update(dict.fromkeys(_identifiers(members), reason))


def _is_rejected_whole(member: Member, receipt: Receipt) -> bool:
    """Whether a member of several identifiers was refused with all of them: not all of them may be bad."""
    return len(member.identifiers) > 1 and all(entry in receipt.rejected for entry in member.identifiers)


def _halves(members: list[Member]) -> list[list[Member]]:
    """Two parts; a single member is parted into its identifiers."""
    if len(members) == 1:
        [member] = members
        return [[Member((identifier,), member.consent)] for identifier in member.identifiers]
    middle = len(members) // 2
    return [members[middle:], members[:middle]]


def _count(members: Sequence[Member]) -> int:
    """How many identifiers; each is one member's, as in the ledger."""
    return sum([len(member.identifiers) for member in members])


def _identifiers(members: Sequence[Member]) -> set[Identifier]:
    return {identifier for member in members for identifier in member.identifiers}
