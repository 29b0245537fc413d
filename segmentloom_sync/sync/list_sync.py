"""The protocol on one list, under its lease.

Plan in the warehouse; ask the guard; write the intent; send removals, then additions, each batch marked
before its call and recorded after it. It may end anywhere: calls are made at least once, the state of the
list is exact, and the next run goes on from the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from segmentloom_sync.destinations.base import AudienceList, Clock
from segmentloom_sync.errors import (
    ConfigError,
    DestinationError,
    DestinationMissing,
    HeldByGuard,
    Rejected,
    Unavailable,
)
from segmentloom_sync.sync import batches, match_rates, telemetry
from segmentloom_sync.sync.changed_people import ChangedPeople, changed_people
from segmentloom_sync.sync.circuit import Circuit
from segmentloom_sync.sync.confirmations import confirm_requests
from segmentloom_sync.sync.environment import Binding
from segmentloom_sync.sync.guard import held_reason
from segmentloom_sync.sync.hygiene import identifier_counts, store_identifier_counts
from segmentloom_sync.sync.in_step import mark_of, record_step
from segmentloom_sync.sync.intent import Batch, make_plan, write_intent
from segmentloom_sync.sync.interrupt import Interrupt
from segmentloom_sync.sync.lease import Lease
from segmentloom_sync.sync.lists import recreate_if_gone, remembered_list, resolve_list
from segmentloom_sync.sync.pace import keep_pace
from segmentloom_sync.sync.plan import count
from segmentloom_sync.sync.plan_check import require_equal, require_unmoved
from segmentloom_sync.sync.plan_file import PlannedList
from segmentloom_sync.sync.push import BatchPush
from segmentloom_sync.sync.reconcile import reconcile
from segmentloom_sync.sync.refusals import refusal_basis
from segmentloom_sync.sync.replace_members import remove_others, take_up
from segmentloom_sync.sync.retry import Attempts
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.sendable import Sendable, sendable_members, wants_anybody
from segmentloom_sync.sync.session import SyncSession
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.terminal import Progress
from segmentloom_sync.warehouse.base import Statement, Warehouse

REFUSED_BATCHES = 3
"""After so many in a row of which nothing was taken the rest is left to the next run: it is the list."""


@dataclass(slots=True)
class ListSync:
    """One run on one list.

    Args:
        report: filled while the work goes on, so that it is right wherever the work ends.
        progress: advanced by the identifiers that have an outcome.
        circuit: how the destination did so far in this run.
        binding: to what the list is bound.
        planned: the saved change to send, and no other; None for whatever the plan is now.
        gives_turn: as for `Attempts`.
    """

    warehouse: Warehouse
    clock: Clock
    target: SyncTarget
    lease: Lease
    interrupt: Interrupt
    report: RunReport
    progress: Progress
    circuit: Circuit = field(default_factory=Circuit)
    binding: Binding | None = None
    planned: PlannedList | None = None
    gives_turn: Callable[[], bool] = lambda: False
    audience_list: AudienceList | None = None
    attempts: Attempts = field(init=False)
    _may_remove_others: bool = False
    """Whether a replacement of the list has come so far."""

    def __post_init__(self) -> None:
        self.attempts = Attempts(
            self.clock,
            self.target.max_retries,
            self.lease.renew,
            self.interrupt,
            self.circuit,
            self.gives_turn,
        )

    def run(
        self,
        *,
        is_released: bool,
        recreate: bool,
        only_private: bool = False,
        compare: bool = False,
        replaced_by: str | None = None,
    ) -> None:
        """Bring the list into step.

        Args:
            is_released: a person lets a held change pass.
            recreate: make the list anew when it is gone at the platform.
            only_private: remove those who must go whatever the audience, and leave the rest as it is.
            compare: ask the platform about the list first, and send anew what it has lost.
            replaced_by: who has all that the list holds replaced, where the platform can do that.

        Raises:
            HeldByGuard: the change was held back; removals of people who opted out were sent all the same.
            PlanMoved: the saved change is not what would be sent now; nothing was sent.
            DestinationMissing: the list is gone.
            Unavailable: the platform could not be reached for so long that the rest is left to the next run.
            PutOff: it wants a wait, and lists of other destinations come first.
            SegmentloomError: as the destination and the warehouse raise it.
        """
        if self.planned is not None:
            # Before a list is made at the platform; the plan itself is compared right before it is sent.
            require_unmoved(
                self.warehouse,
                self.target,
                self.planned,
                self.clock.now(),
                newest_token=self.lease.token - 1,
            )
        if recreate and recreate_if_gone(
            self.warehouse, self.clock, self.target, self.lease, self.attempts, self.binding
        ):
            compare, replaced_by = False, None  # nothing is on it yet
        known = remembered_list(self.warehouse, self.target)
        if known is None and only_private:
            return
        session = None
        try:
            if known is not None:
                session = self._open_list(only_private=only_private)
                if compare:
                    self.report.reconciliation = reconcile(session, self.attempts)
                if self.planned is None:  # what platforms answer moves the ledger
                    self.report.refused_later = refused = Counter(self.report.refused_later)
                    confirm_requests(session, self.attempts, refused)
                    if not only_private:
                        self._replace(session, replaced_by, is_released=is_released)
            basis = refusal_basis(self.warehouse)
            mark = None if only_private else mark_of(self.warehouse, self.target)
            with ExitStack() as stack:
                changed = None
                if session is not None:
                    changed = stack.enter_context(changed_people(session, mark))
                sendable = (
                    changed.sendable
                    if changed is not None
                    else stack.enter_context(
                        sendable_members(self.warehouse, self.target, known.id if known else None)
                    )
                )
                if not only_private:
                    self._count_identifiers(sendable, changed)
                if session is None:
                    if not wants_anybody(self.warehouse, self.target, sendable):
                        if replaced_by is not None:
                            self.report.warnings.append(
                                "nobody is to be on the list, so that nothing is replaced"
                            )
                        return  # no list is made for nobody
                    session = self._open_list(only_private=only_private)
                    self._replace(session, replaced_by, is_released=is_released)
                planned, reason, wanted = self._plan(
                    session,
                    sendable,
                    changed.moved if changed else None,
                    is_released=is_released,
                    only_private=only_private,
                )
            self._send(session, planned, basis, reason)
            if mark is not None and reason is None:
                record_step(session, mark, wanted)
        except DestinationMissing as error:
            raise DestinationMissing(
                error.message,
                hint=f"`segmentloom-sync run {self.target.audience} --recreate` makes it anew and fills it",
            ) from error

    def _open_list(self, *, only_private: bool) -> SyncSession:
        self.audience_list = resolve_list(
            self.warehouse,
            self.clock,
            self.target,
            self.lease,
            self.attempts,
            None if only_private else self.binding,
        )
        return SyncSession(
            self.warehouse, self.clock, self.target, self.audience_list, self.lease, self.report.run_id
        )

    def _replace(self, session: SyncSession, by: str | None, *, is_released: bool) -> None:
        self._may_remove_others = take_up(session, self.attempts, self.report, by, is_released=is_released)

    def _count_identifiers(self, sendable: Sendable, changed: ChangedPeople | None) -> None:
        if not self.warehouse.exists("identifier_problems"):
            return  # dbt has not built them yet
        counted = changed.counts if changed is not None else None
        if counted is None:
            eligible = Statement(f"select profile_id from {sendable.eligible}")
            counted = identifier_counts(self.warehouse, self.target, eligible)
        store_identifier_counts(self.warehouse, self.clock, self.report.run_id, counted)

    def _plan(
        self,
        session: SyncSession,
        sendable: Sendable,
        moved: str | None,
        *,
        is_released: bool,
        only_private: bool,
    ) -> tuple[list[Batch], str | None, int]:
        """Write what is to be sent; returns it, why the rest is held back, and how much is wanted."""
        plan = make_plan(session, sendable, moved)
        try:
            if self.planned is not None:
                require_equal(self.warehouse, self.planned, plan)
            counts = count(self.warehouse, self.target, session.audience_list.id, plan)
            self.report.planned(counts, only_private=only_private)
            reason = None
            if not is_released and not only_private:
                reason = held_reason(counts, self.target.max_removal_percent)
            if reason:
                self.report.held(counts)
            if reason or only_private:
                planned = write_intent(session, plan, only_private=True) if counts.private_removes else []
            else:
                planned = write_intent(session, plan) if counts.adds + counts.removes + counts.forgets else []
        finally:
            self.warehouse.drop(plan)
        return planned, reason, counts.wanted

    def _send(
        self, session: SyncSession, planned: list[Batch], basis: str | None, reason: str | None
    ) -> None:
        refused: Rejected | None = None
        refused_in_a_row = 0
        for batch in planned:
            keep_pace(self.attempts, self.target)
            if self.interrupt.is_requested:
                break
            with telemetry.span("batch", batch.attributes) as ending:
                refusal = self._push(session, batch, basis, ending)
            refused, refused_in_a_row = refused or refusal, refused_in_a_row + 1 if refusal else 0
            if self.interrupt.is_requested or refused_in_a_row == REFUSED_BATCHES:
                break
        if refused is not None:
            raise _left_open(refused)
        if self.interrupt.is_requested:
            return
        if self._may_remove_others:  # last, as nobody who refused waits for it
            remove_others(session, self.attempts, self.report)
        if reason:
            raise held(self.target, reason)
        if planned:
            self._store_match_rates(session)

    def _push(
        self, session: SyncSession, batch: Batch, basis: str | None, ending: telemetry.Attributes
    ) -> Rejected | None:
        """Send a batch and record what became of it; returns the refusal that leaves all of it open."""
        self.circuit.require_closed()
        self.attempts.heartbeat()
        batches.mark_sending(session, batch)
        content = batches.read_content(session, batch, basis)
        push = BatchPush(
            destination=self.target.destination,
            audience_list=session.audience_list,
            operation=batch.operation,
            attempts=self.attempts,
            read_barred=lambda: batches.read_barred(session, batch, basis),
            barred=content.barred,
        )
        failure = push.send(content.members)
        batches.record(session, batch, push.outcome)
        ending.update(push.outcome.counts)
        if batch.operation == "add":
            self.report.adds -= len(push.outcome.cut)
        self.report.accepted += push.outcome.accepted
        self.report.rejected += len(push.outcome.rejected)
        self.progress(batch.identifiers)
        if isinstance(failure, Unavailable):
            raise failure
        return failure

    def _store_match_rates(self, session: SyncSession) -> None:
        """Take what the platform says already; a failure here leaves the sync as good as it is."""
        try:
            rates = self.target.destination.match_rates(session.audience_list)
        except (DestinationError, ConfigError):
            return
        match_rates.store(self.warehouse, self.clock, self.target, session.audience_list, rates)


def _left_open(refused: Rejected) -> Rejected:
    """The error of a run in which nothing of some batch was taken, and nobody named."""
    return Rejected(
        refused.message,
        hint=refused.hint
        or "nothing of that batch was taken and nobody in it named: it is sent again with the next run; its "
        "rows are in S_sync.ledger, states sent and removing",
        is_about_members=refused.is_about_members,
    )


def held(target: SyncTarget, reason: str) -> HeldByGuard:
    """The error of a change that waits for a person."""
    return HeldByGuard(
        reason,
        hint=f"if that is right: segmentloom-sync run {target.audience} --release --by YOUR_NAME",
    )
