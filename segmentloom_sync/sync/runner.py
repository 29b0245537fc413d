"""Runs targets one after the other: lease, fresh evaluation, the work on the list, the record of the run."""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.errors import (
    CredentialsError,
    HeldByGuard,
    PutOff,
    SegmentloomError,
    TryAgainLater,
    Unavailable,
    WarehouseAccessError,
)
from segmentloom_sync.sync import runs, telemetry
from segmentloom_sync.sync.accounts import check_account
from segmentloom_sync.sync.changed_profiles import changed_since
from segmentloom_sync.sync.circuit import Circuit
from segmentloom_sync.sync.environment import Binding, check_bound
from segmentloom_sync.sync.evaluations import check_fresh, check_passed, published_evaluation
from segmentloom_sync.sync.guard import held_reason
from segmentloom_sync.sync.interrupt import Interrupt
from segmentloom_sync.sync.lease import Holder, Lease, take_lease
from segmentloom_sync.sync.list_sync import ListSync, held
from segmentloom_sync.sync.lists import remembered_list
from segmentloom_sync.sync.plan import preview
from segmentloom_sync.sync.plan_check import require_counts, require_unmoved
from segmentloom_sync.sync.plan_file import PlannedList
from segmentloom_sync.sync.retry import Attempts
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.size_floor import floor_warning, people_in_ledger
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.sync.waiting import waiting_identifiers
from segmentloom_sync.terminal import Progress
from segmentloom_sync.warehouse.base import Warehouse


def no_progress(advance: int, /) -> None:
    """Shows nothing."""


@dataclass(slots=True)
class SyncRunner:
    """Plans and runs.

    Args:
        as_of: the evaluation to send when it isn't the newest; its age is not checked then.
        released_by: the person who lets held changes pass.
        recreate: make lists that are gone at the platform anew.
        compare: ask the platforms about each list first, and send anew what they have lost.
        replaced_by: the person who has all that the lists hold replaced, where the platforms can do that.
        binding: to what the lists are bound that it syncs; None for nothing.
        remedy: the hint where audiences have to be evaluated first.
        gives_turn: whether the list that is being served may be put off; see `turns`.
    """

    warehouse: Warehouse
    clock: Clock
    interrupt: Interrupt = field(default_factory=Interrupt)
    as_of: datetime | None = None
    released_by: str | None = None
    recreate: bool = False
    compare: bool = False
    replaced_by: str | None = None
    binding: Binding | None = None
    remedy: str = "run without --no-build, or `dbt build` first"
    holder: Holder = field(default_factory=Holder)
    gives_turn: Callable[[], bool] = lambda: False
    _refused: dict[str, CredentialsError] = field(default_factory=dict)
    _circuits: dict[str, Circuit] = field(default_factory=dict)

    def plan(self, target: SyncTarget, planned: PlannedList | None = None) -> RunReport:
        """What a run would do now; nothing is written or sent.

        Args:
            planned: a saved change; the report says when it no longer holds.
        """
        report = self.report(target)
        try:
            check_account(self.warehouse, target, self._rebound_by)
            if self.binding is not None:
                check_bound(self.warehouse, target, self.binding)
            self._pin(target, report)
            known = remembered_list(self.warehouse, target)
            counts = preview(self.warehouse, target, known.id if known else None, self.clock.now())
            report.planned(counts)
            if planned is not None:
                require_unmoved(self.warehouse, target, planned, self.clock.now())
                require_counts(
                    planned, (counts.adds, counts.removes, counts.members_added, counts.members_removed)
                )
            if counts.people is not None:
                self._warn_of_size(target, report, counts.people)
            report.waiting = self._waiting(target)
            reason = None if self.released_by else held_reason(counts, target.max_removal_percent)
            if reason:
                report.held(counts)
                raise held(target, reason)
        except Exception as error:  # as in `run`
            _end(report, error)
        return report

    def run(
        self,
        target: SyncTarget,
        progress: Progress = no_progress,
        unfit: SegmentloomError | None = None,
        planned: PlannedList | None = None,
        earlier: RunReport | None = None,
    ) -> RunReport:
        """Bring a list into step and report; what goes wrong ends up in the report.

        Args:
            unfit: why the membership may not be sent; those who must go are removed all the same.
            planned: a saved change: exactly that is sent, or nothing; it is never put off, as it is compared
                with what the list holds before its first request.
            earlier: how the attempt before ended, if the list was put off; the report includes it.
        """
        report = self.report(target)
        if earlier is not None:
            report.takes_up(earlier)
        with telemetry.list_run(target.audience, target.destination_name, target.list_name) as ending:
            self._run_leased(target, report, progress, unfit, planned, earlier)
            ending.update(report.as_attributes())
        if earlier is not None:
            report.includes(earlier)
        return report

    def wait_for(self, destination: str, seconds: float) -> None:
        """Wait for a platform whose list was put off; it counts like any wait for it."""
        circuit = self._circuit(destination)
        Attempts(self.clock, 0, lambda: None, self.interrupt, circuit).pause(seconds)

    def _run_leased(
        self,
        target: SyncTarget,
        report: RunReport,
        progress: Progress,
        unfit: SegmentloomError | None,
        planned: PlannedList | None,
        earlier: RunReport | None,
    ) -> None:
        try:
            lease = take_lease(self.warehouse, self.clock, target.key, self.holder)
            try:
                self._run(target, lease, report, progress, unfit, planned, earlier)
            finally:
                with suppress(SegmentloomError):  # it expires by itself
                    lease.release()
        except Exception as error:  # one list's failure stops no other list, and takes no report along
            _end(report, error)

    def _run(
        self,
        target: SyncTarget,
        lease: Lease,
        report: RunReport,
        progress: Progress,
        unfit: SegmentloomError | None,
        planned: PlannedList | None,
        earlier: RunReport | None,
    ) -> None:
        """Do the work under the lease, and record how it ended."""
        runs.open_run(self.warehouse, self.clock, target, lease, report)
        name = target.destination_name
        work = ListSync(
            self.warehouse,
            self.clock,
            target,
            lease,
            self.interrupt,
            report,
            progress,
            circuit=self._circuit(name),
            binding=self.binding,
            planned=planned,
            gives_turn=self.gives_turn if planned is None else lambda: False,
        )
        try:
            if name in self._refused:
                raise self._refused[name]
            check_account(self.warehouse, target, self._rebound_by)  # no list is touched by another account
            try:
                self._check_bound(work)
                if unfit is not None:
                    raise unfit
                if target.is_brought_into_step:
                    self._pin(target, report)
            except SegmentloomError:
                if planned is not None:
                    raise
                work.run(is_released=False, recreate=False, only_private=True)
                raise
            work.run(
                is_released=self.released_by is not None,
                recreate=self.recreate and target.is_brought_into_step,
                only_private=not target.is_brought_into_step,
                compare=self.compare and target.is_brought_into_step and report.reconciliation is None,
                replaced_by=self.replaced_by
                if target.is_brought_into_step and report.replacement is None
                else None,
            )
            report.waiting = self._waiting(target)
            floor = target.destination.min_matched
            if work.audience_list is not None and floor is not None:
                people = people_in_ledger(self.warehouse, target, work.audience_list.id, floor)
                self._warn_of_size(target, report, people)
            self._conclude(report, report.rejected + (earlier.rejected if earlier else 0))
        except Exception as error:  # whatever it is belongs into the record of runs
            if isinstance(error, CredentialsError) and not isinstance(error, WarehouseAccessError):
                self._refused[name] = error
            _end(report, error)
        report.is_given_up = work.circuit.broken_by is not None
        if isinstance(report.error, PutOff):
            report.settled = runs.settled_identifiers(self.warehouse, report.run_id)
        runs.close_run(
            self.warehouse, self.clock, report, work.audience_list.id if work.audience_list else None
        )

    @property
    def _rebound_by(self) -> str | None:
        return self.binding.by if self.binding is not None else None

    def _circuit(self, destination: str) -> Circuit:
        if destination not in self._circuits:
            is_half_open = runs.was_given_up(self.warehouse, destination)
            self._circuits[destination] = Circuit(is_half_open=is_half_open)
        return self._circuits[destination]

    def _check_bound(self, work: ListSync) -> None:
        """Refuse a list of another environment, whose people may be missing from these tables."""
        if self.binding is None:
            return
        try:
            check_bound(self.warehouse, work.target, self.binding)
        except SegmentloomError:
            work.target = replace(work.target, trusts_absence=False)
            raise

    def _pin(self, target: SyncTarget, report: RunReport) -> None:
        """Make sure that the published membership may be sent, and say of when it is."""
        report.evaluated_at = published_evaluation(self.warehouse, target.audience, self.as_of)
        if self.as_of is not None:
            if report.evaluated_at is None:
                raise SegmentloomError(
                    f"the published members of {target.audience} are not those of {self.as_of.isoformat()}",
                    hint="another run has published its own; run again",
                )
            return
        check_passed(self.warehouse, target.audience)
        check_fresh(
            target.audience, report.evaluated_at, target.cadence, self.clock.now(), remedy=self.remedy
        )
        changed = changed_since(self.warehouse, target.audience)
        if changed is not None:
            raise SegmentloomError(changed, hint=self.remedy)

    def _conclude(self, report: RunReport, rejected: int) -> None:
        if self.interrupt.is_requested and report.unknown:
            report.ends("retry_later", "interrupted; the next run goes on from here")
        elif rejected or report.refused_later:
            refusals = [f"{rejected:,} identifiers were refused by the platform"] * bool(rejected)
            if report.refused_later:
                refusals.append(
                    f"of earlier requests were not applied: {runs.described(report.refused_later)}"
                )
            report.ends(
                "partial", "; ".join(refusals), "the reasons are in S_sync, tables ledger and batches"
            )
        elif report.reconciliation and report.reconciliation.unrepaired:
            found = report.reconciliation
            report.ends("partial", "; ".join(found.unrepaired), found.remedy)
        elif report.replacement and report.replacement.message:
            report.ends("partial", report.replacement.message, "the next run asks again")
        elif report.unknown:
            report.ends("retry_later", f"{report.unknown:,} identifiers without an answer are sent again")

    def _warn_of_size(self, target: SyncTarget, report: RunReport, people: int) -> None:
        if target.is_brought_into_step and (warning := floor_warning(target, people)):
            report.warnings.append(warning)

    def _waiting(self, target: SyncTarget) -> int:
        """The identifiers that wait for an answer of the platform, of this run or an earlier one."""
        found = waiting_identifiers(self.warehouse, self.clock.now())
        return found.get((target.destination_name, target.list_name), 0)

    def report(self, target: SyncTarget) -> RunReport:
        """An empty report for a target."""
        return RunReport(
            run_id=uuid.uuid4().hex,
            audience=target.audience,
            destination=target.destination_name,
            list_name=target.list_name,
            released_by=self.released_by if target.is_brought_into_step else None,
            only_opt_outs=target.only_opt_outs,
        )


def _end(report: RunReport, error: Exception) -> None:
    """Write an error into the report."""
    if not isinstance(error, SegmentloomError):
        # Its text is not ours, and may quote what it stumbled over.
        place = traceback.extract_tb(error.__traceback__)[-1]
        report.ends(
            "failed",
            f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}",
            "this is a fault of segmentloom; please report it",
        )
        return
    report.error = error
    if isinstance(error, HeldByGuard):
        report.ends("held", error.message, error.hint)
    elif isinstance(error, Unavailable | TryAgainLater):
        report.ends("retry_later", error.message, error.hint)
    else:
        report.ends("failed", error.message, error.hint, exit_code=error.exit_code)
