"""The sync as a state machine: people come, go, opt out and change, while all around the runner fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from segmentloom_sync.destinations.base import AudienceList, Identifier, Member, Operation, Receipt
from segmentloom_sync.errors import PutOff
from segmentloom_sync.sync.retry import LONGEST_WAIT_IN_PLACE_SECONDS
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.turns import Turn, serve_in_turns
from tests.unit.sync.conftest import open_memory_warehouse
from tests.unit.sync.faults import Fuse, FusedWarehouse, Killed, OthersWarehouse
from tests.unit.sync.memory_platform import Fault, MemoryPlatform, OneDestination, Refusal, buyers
from tests.unit.sync.removing import remove_opt_outs
from tests.unit.sync.shop import Person, Shop, TestClock, email

NAMES = ("ann", "bob", "cat")
Change = Literal[
    "joins",
    "leaves",
    "opts out",
    "asks to be out",
    "asks by a new e-mail",
    "asks to be in",
    "changes e-mail",
    "changes phone",
]

NAME = st.sampled_from(NAMES)
CHANGES = st.lists(
    st.tuples(NAME, st.sampled_from(get_args(Change))),
    max_size=3,
)
# No fault is the exception: a generator that mostly lets things go well finds next to nothing.
FAULTS = st.lists(
    st.sampled_from(["lost", "busy", "partial", "unsure", "ok", "credentials", "blocked"]),
    min_size=1,
    max_size=4,
)
OPERATION = st.integers(1, 45)
KILLED_AT = st.none() | OPERATION
# From shortly before the plan is made until the last batch of a first run is read.
MID_RUN = st.none() | st.tuples(
    st.integers(12, 36), st.sampled_from([*NAMES, "ann's browser", "another run"])
)


class SyncMachine(RuleBasedStateMachine):
    """Faults, kills and opt-outs at any operation; what must hold is asserted after each step and call."""

    def __init__(self) -> None:
        super().__init__()
        self.warehouse = open_memory_warehouse()
        self.clock = TestClock()
        self.shop = Shop(self.warehouse, self.clock)
        self.shop.prepare()
        # A phone has the hash of an e-mail address, so that only the kind tells the two apart.
        self.shop.people = {name: Person(emails=(name,), phones=(f"{name}@example.com",)) for name in NAMES}
        self.fuse = Fuse()
        self.platform = self._platform()
        self.barred_at: dict[Identifier, int] = {}
        self.target = buyers(self.platform)
        self.settings = OneDestination("memory", self.platform)
        self.platform.create_list(self.target.list_name, ())

    def _platform(self) -> WatchedPlatform:
        return WatchedPlatform(self.ledger_is_a_superset, lambda: self.fuse.burn())

    def teardown(self) -> None:
        try:
            self.recover()
        finally:
            self.warehouse.close()

    @rule(
        changes=CHANGES,
        faults=FAULTS,
        killed_at=KILLED_AT,
        mid_run=MID_RUN,
        retries=st.sampled_from([0, 2]),
        others_wait=st.booleans(),
    )
    def sync(
        self,
        changes: list[tuple[str, Change]],
        faults: list[Fault],
        killed_at: int | None,
        mid_run: tuple[int, str] | None,
        retries: int = 0,
        others_wait: bool = False,
    ) -> None:
        """People change; then a run that may be killed or overtaken, and in whose midst one may opt out.

        Where lists of others wait, the list is put off when the platform is busy, and taken up again.
        """
        for name, change in changes:
            self._change(name, change)
        self.platform.faults = list(faults)
        try:
            fuse = Fuse(killed_at, during=self._during(mid_run))
            self._run(fuse, retries=retries, others_wait=others_wait)
        except Killed:
            self.clock.time += timedelta(seconds=61)  # its lease expires
        self.platform.faults = []

    def _change(self, name: str, change: Change) -> None:
        person = self.shop.people[name]
        if change == "opts out":
            self._opt_out(name)
        elif change == "asks to be out":
            self._ask(name)
        elif change == "asks by a new e-mail":
            self.shop.publish()
            self.shop.request("opt_out", f"email:{name}.new@example.com")
            self._bar()
        elif change == "asks to be in":
            self.shop.publish()
            self.shop.request("opt_in", f"user_id:{name}")
            free = self.barred_at.keys() - self.shop.all_barred
            self.barred_at = {entry: at for entry, at in self.barred_at.items() if entry not in free}
        elif change in ("joins", "leaves"):
            person.is_member = change == "joins"
        elif not person.is_opted_out:
            if change == "changes e-mail":
                person.emails = (f"{name}.new",) if person.emails == (name,) else (name,)
            else:
                own = f"{name}@example.com"
                person.phones = (own,) if person.phones == ("home",) else ("home",)
            self._bar()

    def _opt_out(self, name: str) -> None:
        """By a signal of a browser, which a build takes up."""
        self.shop.people[name].is_opted_out = True
        self.shop.publish()
        self._bar()

    def _ask(self, name: str) -> None:
        """By a request, which holds without a build."""
        self.shop.publish()
        self.shop.request("opt_out", f"email:{self.shop.people[name].emails[0]}@example.com")
        self._bar()

    def _bar(self) -> None:
        """From now on nothing of those who refuse may be sent."""
        for entry in self.shop.all_barred:
            self.barred_at.setdefault(entry, len(self.platform.calls))

    @rule(
        bad=st.sets(NAME, max_size=2), refusal=st.sampled_from(["items", "positions", "counted", "members"])
    )
    def refuses(self, bad: set[str], refusal: Refusal) -> None:
        """From now on the platform refuses some addresses, in one of the ways in which platforms say so."""
        self.platform.bad = {email(name) for name in bad}
        self.platform.refusal = refusal

    @rule()
    def list_goes(self) -> None:
        """Somebody deletes the list at the platform."""
        if self.platform.names:
            self.platform.delete_list(self.target.list_name)
            self.platform.late.clear()

    @rule()
    def answers_later(self) -> None:
        """From now on the platform works on what it took, and promises no order."""
        self.platform.is_asynchronous = self.platform.is_late = True

    @rule(newest=st.booleans())
    def finishes_one(self, newest: bool) -> None:
        """The platform is done with one of the requests that it works on, the newest or the oldest."""
        working = self.platform.working
        if working:
            self.platform.finish(working[-1 if newest else 0])
        self.clock.time += timedelta(minutes=61)

    @rule(
        newest=st.booleans(),
        applied=st.sampled_from([0.0, 0.5]),
        is_passing=st.booleans(),
        is_silent=st.booleans(),
    )
    def fails_one(self, newest: bool, applied: float, is_passing: bool, is_silent: bool = False) -> None:
        """The platform gives up one of the requests that it works on, with half of it done or nothing."""
        working = self.platform.working
        if working:
            self.platform.fail(
                working[-1 if newest else 0], applied=applied, is_passing=is_passing, is_silent=is_silent
            )
        self.clock.time += timedelta(minutes=61)

    @rule()
    def recover(self) -> None:
        """Nothing fails any more: the list is exact, and a further run has nothing to send."""
        report = self._run(Fuse(), released_by="the model", recreate=not self.platform.names)
        for turn in range(4 * self.platform.is_asynchronous):
            # Removals are sent after the additions that they overtake.
            self.platform.finish(*self.platform.working[-1:] if turn == 0 else ())
            self.clock.time += timedelta(minutes=61)
            report = self._run(Fuse(), released_by="the model")
        assert report.unknown == 0, "I6"
        rejected = self._ledger("where state = 'rejected'")
        wanted = self.shop.wanted()
        assert self.platform.members <= wanted, "I1: somebody is left behind"
        assert wanted - rejected <= self.platform.members, "I1: somebody is missing"
        calls = len(self.platform.calls)
        self._run(Fuse(), released_by="the model")
        assert len(self.platform.calls) == calls, "I5: a second run sends something"

    @rule(leaves=st.sampled_from([(), NAMES]), opts_out=st.none() | NAME, asks=st.booleans())
    def run_with_guards(
        self, leaves: Sequence[str] = (), opts_out: str | None = None, asks: bool = False
    ) -> None:
        """Whatever a guard holds back, nobody who opted out stays."""
        for name in leaves:
            self._change(name, "leaves")
        if opts_out is not None:
            self._change(opts_out, "asks to be out" if asks else "opts out")
        self._run(Fuse())
        if self.platform.working:
            return  # who was removed while an addition was open is removed again after it
        assert not self.platform.members & self.shop.all_barred, "I9"

    @rule(opts_out=NAME, asks=st.booleans())
    def run_of_other_audiences(self, opts_out: str, asks: bool) -> None:
        """A run that does not take the list: who opted out leaves it, and nobody else comes or goes."""
        self._change(opts_out, "asks to be out" if asks else "opts out")
        before, calls = set(self.platform.members), len(self.platform.calls)
        former = self._ledger(f"where member_key in ({', '.join(map(repr, self._refusing()))})")
        self.fuse = Fuse()
        runner = SyncRunner(FusedWarehouse(self.warehouse, self.fuse), self.clock)
        for report in remove_opt_outs(runner, self.settings, [], ()):
            assert (report.adds, report.only_opt_outs) == (0, True)
        assert all(call.operation == "remove" for call in self.platform.calls[calls:]), "I9"
        if self.platform.working:
            return
        gone = self.shop.all_barred | former  # an address that somebody who refused had before goes, too
        assert before - gone <= self.platform.members <= before - self.shop.all_barred, "I9"

    @invariant()
    def nothing_is_sent_after_an_opt_out(self) -> None:
        for entry, position in self.barred_at.items():
            for call in self.platform.calls[position:]:
                assert call.operation == "remove" or entry not in call.identifiers, "I3"

    @invariant()
    def ledger_is_a_superset(self) -> None:
        assert self.platform.members <= self._ledger(), "I4"

    def _run(self, fuse: Fuse, *, retries: int = 0, others_wait: bool = False, **options: Any) -> RunReport:
        self.shop.publish()
        self.fuse = fuse
        fused = FusedWarehouse(self.warehouse, fuse)
        runner = SyncRunner(fused, self.clock, **options)
        target = replace(self.target, max_retries=retries)
        mine = Turn("memory", lambda earlier: [runner.run(target, earlier=earlier)])
        others = [Turn("other", lambda earlier: [])] if others_wait else []
        self.platform.retry_after = 2 * LONGEST_WAIT_IN_PLACE_SECONDS if others_wait else None
        [report] = serve_in_turns(runner, [lambda: [mine, *others]])
        assert not isinstance(report.error, PutOff), "I11: a list is left though the others are served"
        assert min(report.accepted, report.rejected, report.unknown) >= 0, "I6"
        return report

    def _refusing(self) -> list[str]:
        """Who refuses, and never nobody, so that it is a list of SQL."""
        return ["", *(name for name in NAMES if self.shop.refuses(name))]

    def _during(self, mid_run: tuple[int, str] | None) -> Callable[[int], None]:
        if mid_run is None:
            return lambda number: None
        moment, event = mid_run

        def happen(number: int) -> None:
            if number != moment:
                return
            if event == "another run":
                self.clock.time += timedelta(minutes=5)
                self.shop.people["ann"].is_member = not self.shop.people["ann"].is_member
                self.shop.publish()
                mine, self.fuse = self.fuse, Fuse()
                SyncRunner(OthersWarehouse(self.warehouse), self.clock).run(self.target)
                self.fuse = mine
            elif event == "ann's browser":
                self._opt_out("ann")
            else:
                self._ask(event)

        return happen

    def _ledger(self, where: str = "") -> set[Identifier]:
        ledger = self.warehouse.relation("ledger", "sync")
        return {
            Identifier(*row)
            for row in self.warehouse.rows(f"select identifier_type, identifier from {ledger} {where}")
        }


class WatchedPlatform(MemoryPlatform):
    """Asserts after each change that the list holds what the ledger allows.

    Args:
        operation: called before and after each call, which may be the last.
    """

    def __init__(self, check: Callable[[], None], operation: Callable[[], None]) -> None:
        super().__init__()
        self._check, self._operation = check, operation

    def push(self, audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
        self._operation()
        receipt = super().push(audience_list, operation, members)
        self._operation()
        return receipt

    def _apply(self, list_id: str, operation: Operation, identifiers: Sequence[Identifier]) -> None:
        super()._apply(list_id, operation, identifiers)
        self._check()
