"""Repeats a request to a platform while that can help, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from segmentloom_sync import terminal
from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.errors import DestinationError, NothingListens, PutOff, Unavailable, Unreachable
from segmentloom_sync.sync.circuit import Circuit
from segmentloom_sync.sync.interrupt import Interrupt

Result = TypeVar("Result")

FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 60.0
LONGEST_ASKED_WAIT_SECONDS = 300.0
"""A platform that asks for more is left alone until the next run."""
LONGEST_WAIT_IN_PLACE_SECONDS = 5.0
"""While lists of other destinations are to be served: for more, these come first."""
BUDGET = timedelta(minutes=15)
"""What all waits of one run for one destination may take together, save for the last one."""
LOOPBACK_TRIES = 2
"""Of a connection that this machine refuses: what is just being started gets one more chance."""
HEARTBEAT_SECONDS = 20.0
"""How often the lease is renewed while we wait."""

_BACKOFF = wait_exponential(multiplier=FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS) + wait_random(
    0, FIRST_WAIT_SECONDS
)


@dataclass(slots=True)
class Attempts:
    """How long a run waits for a platform.

    Args:
        heartbeat: called between pieces of a wait, to keep the lease; it raises when another run has taken it
            over. Requests call it themselves, before they read what they send.
        circuit: how the destination did so far, on the other lists of the run too; once it is broken nothing
            is tried any more.
        gives_turn: whether a list may be put off at this moment, since lists of other destinations are to be
            served.
    """

    clock: Clock
    max_retries: int
    heartbeat: Callable[[], None]
    interrupt: Interrupt
    circuit: Circuit = field(default_factory=Circuit)
    gives_turn: Callable[[], bool] = lambda: False

    def call(self, request: Callable[[], Result], proves: Callable[[Result], bool] | None = None) -> Result:
        """Call until it answers, is refused, or patience ends.

        Args:
            proves: whether a result shows that the platform takes changes; None for a call that changes
                nothing, since platforms that answer questions may take no changes.

        Raises:
            Unavailable: the last one, when repeating did not help, or why the platform was given up.
            PutOff: it would have to wait, and lists of other destinations come first.
        """
        self.circuit.require_closed()
        retrying = Retrying(
            retry=self._may_help,
            stop=stop_after_attempt(1 if self.circuit.is_half_open else self.max_retries + 1),
            wait=self._wait,
            sleep=self.pause,
            before_sleep=self._before_wait,
            reraise=True,
        )
        try:
            result = retrying(request)
        except PutOff:
            raise
        except Unavailable as error:
            if not self.interrupt.is_requested:
                self.circuit.failed(error, is_final=isinstance(error, Unreachable) or _is_sent_away(error))
            self.circuit.require_closed()
            raise
        except DestinationError:
            if proves is not None:
                self.circuit.succeeded()
            raise
        if proves is not None and proves(result):
            self.circuit.succeeded()
        return result

    def pause(self, seconds: float) -> None:
        """Wait in pieces, keeping the lease and listening for Ctrl-C."""
        self.circuit.spent += seconds
        left = seconds
        while left > 0 and not self.interrupt.is_requested:
            piece = min(left, HEARTBEAT_SECONDS)
            self.clock.sleep(piece)
            left -= piece
            self.heartbeat()

    def wait_until(self, moment: datetime, why: str) -> None:
        """Wait before a request that the platform would like later, though it has not refused it.

        Where the waits of the run are used up there is none: the platform may refuse, or not.

        Args:
            why: for messages, in words like those of errors.

        Raises:
            Unavailable: it is longer than a run waits; the platform is given up for this run.
            PutOff: lists of other destinations come first.
        """
        wait = (moment - self.clock.now()).total_seconds()
        if wait <= 0 or self.interrupt.is_requested:
            return
        reason = Unavailable(why, retry_after=wait)
        if _is_sent_away(reason):
            self.circuit.failed(reason, is_final=True)
            self.circuit.require_closed()
        if self.circuit.spent + wait > BUDGET.total_seconds():
            return
        self._give_turn(reason, wait)
        terminal.say(f"{why}; the next batch follows in {wait:.0f} s")
        self.pause(wait)

    def _give_turn(self, reason: Unavailable, wait: float) -> None:
        """Let others come first, if there are any and the wait is worth it."""
        if wait > LONGEST_WAIT_IN_PLACE_SECONDS and self.gives_turn():
            raise PutOff(
                f"{reason.message}; put off for {wait:.0f} s, as other destinations come first",
                hint="the next run goes on from the ledger",
                retry_after=wait,
                applied_unknown=reason.applied_unknown,
            ) from reason

    def _may_help(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, Unavailable) or self.interrupt.is_requested:
            return False
        if isinstance(error, NothingListens) and state.attempt_number >= LOOPBACK_TRIES:
            return False
        if _is_sent_away(error):
            return False
        return self.circuit.spent + max(error.retry_after or 0.0, 0.0) <= BUDGET.total_seconds()

    def _before_wait(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0.0
        if isinstance(error, Unavailable):
            self._give_turn(error, wait)
        retries = self.max_retries
        if isinstance(error, NothingListens):
            retries = min(retries, LOOPBACK_TRIES - 1)
        terminal.say(f"{error}; trying again in {wait:.0f} s ({state.attempt_number} of {retries})")

    def _wait(self, state: RetryCallState) -> float:
        """The platform's own wish or a growing pause, whichever is longer, with jitter against herds."""
        backoff = _BACKOFF(state)
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Unavailable) else None
        return max(backoff, asked or 0.0)


def _is_sent_away(error: Unavailable) -> bool:
    """Whether the platform asks to be left alone for longer than a run waits."""
    return error.retry_after is not None and error.retry_after > LONGEST_ASKED_WAIT_SECONDS
