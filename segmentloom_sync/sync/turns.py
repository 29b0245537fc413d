"""In which order a run serves its lists, so that a platform that wants a wait holds up no other.

There are no threads. A list whose next request would have to wait is left as it is, which the ledger allows
at any moment; the lists of other destinations are served, and then it is taken up again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from segmentloom_sync import terminal
from segmentloom_sync.errors import PutOff
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport


@dataclass(slots=True)
class Turn:
    """The work on one list.

    Args:
        destination: whose list it is.
        serve: does the work and returns the reports that people should see. It gets the report of the
            attempt that was put off, None at first.
    """

    destination: str
    serve: Callable[[RunReport | None], list[RunReport]]
    reports: list[RunReport] = field(default_factory=list)
    put_off: RunReport | None = None
    """How its first attempt ended, if that was put off."""


Phase = Callable[[], Iterable[Turn]]
"""Finds lists to serve; reads only, since it is also asked whether there are any."""


def serve_in_turns(runner: SyncRunner, phases: Sequence[Phase]) -> list[RunReport]:
    """Serve the lists of each phase, one after the other, and those that were put off at last.

    A list is put off when a request has to wait (see `retry.LONGEST_WAIT_IN_PLACE_SECONDS`) while lists of
    other destinations are not served yet, and at most once, so that all ends. The lists of its destination
    that come after it wait with it. It is taken up again when all others had their turn, and not before the
    platform wants it: what is left of that wait counts as any other of the run.

    Args:
        phases: each is asked for its lists when those before it have had their turn.

    Returns:
        The reports in the order of the lists, of each list those of its last attempt. Lists that an
        interrupt kept from their turn have none.
    """
    return _Turns(runner, list(phases)).serve()


@dataclass(slots=True)
class _Turns:
    runner: SyncRunner
    phases: list[Phase]
    known: list[Turn] = field(default_factory=list)
    ahead: list[Turn] = field(default_factory=list)
    """Those of the phase that have not had their turn."""
    waiting: list[Turn] = field(default_factory=list)
    """Those whose destination was put off, in the order of the run."""
    not_before: dict[str, datetime] = field(default_factory=dict)
    current: Turn | None = None

    def serve(self) -> list[RunReport]:
        gave_turn, self.runner.gives_turn = self.runner.gives_turn, self._gives_turn
        try:
            for turn in self._in_order():
                self._serve(turn)
        finally:
            self.runner.gives_turn = gave_turn
        return [report for turn in self.known for report in turn.reports]

    def _in_order(self) -> Iterator[Turn]:
        interrupt = self.runner.interrupt
        while self.phases and not interrupt.is_requested:
            self.ahead = list(self.phases.pop(0)())
            self.known += self.ahead
            while self.ahead and not interrupt.is_requested:
                turn = self.ahead.pop(0)
                if turn.destination in self.not_before:
                    self.waiting.append(turn)
                else:
                    yield turn
        while self.waiting and not interrupt.is_requested:
            turn = min(self.waiting, key=lambda waiting: self.not_before[waiting.destination])
            self._wait_for(turn.destination)
            if not interrupt.is_requested:
                self.waiting.remove(turn)
                yield turn

    def _serve(self, turn: Turn) -> None:
        self.current = turn
        turn.reports = turn.serve(turn.put_off)
        for report in turn.reports:
            if isinstance(report.error, PutOff):
                terminal.say(f"{report.audience} to {turn.destination}: {report.error.message}")
                turn.put_off = report
                wait = timedelta(seconds=report.error.retry_after or 0.0)
                self.not_before[turn.destination] = self.runner.clock.now() + wait
                self.waiting.insert(0, turn)  # before those of its destination that wait with it

    def _gives_turn(self) -> bool:
        """Whether the list that is being served may be put off for the sake of others."""
        current = self.current
        if current is None or current.put_off is not None:
            return False
        if any(turn.destination != current.destination for turn in (*self.ahead, *self.waiting)):
            return True
        return any(turn.destination != current.destination for phase in self.phases for turn in phase())

    def _wait_for(self, destination: str) -> None:
        left = (self.not_before[destination] - self.runner.clock.now()).total_seconds()
        if left > 0:
            terminal.say(f"all others are served; waiting {left:.0f} s for {destination}, as it asked")
            self.runner.wait_for(destination, left)
