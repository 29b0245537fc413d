"""Repeats a request to a platform while that can help, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from segmentloom_sync import terminal
from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.errors import Unavailable, Unreachable
from segmentloom_sync.sync.interrupt import Interrupt

Result = TypeVar("Result")

FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 60.0
LONGEST_ASKED_WAIT_SECONDS = 300.0
"""A platform that asks for more is left alone until the next run."""
BUDGET = timedelta(minutes=15)
"""What all waits of one run on one list may take together."""
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
        unreachable: set when patience with a platform ended to which no connection comes about; nothing is
            tried any more then, not on the other lists of the run either.
    """

    clock: Clock
    max_retries: int
    heartbeat: Callable[[], None]
    interrupt: Interrupt
    spent: float = 0.0
    unreachable: Unreachable | None = None

    def call(self, request: Callable[[], Result]) -> Result:
        """Call until it answers, is refused, or patience ends.

        Raises:
            Unavailable: the last one, when repeating did not help.
        """
        self.require_reachable()
        retrying = Retrying(
            retry=retry_if_exception(self._may_help),
            stop=stop_after_attempt(self.max_retries + 1),
            wait=self._wait,
            sleep=self.pause,
            before_sleep=self._say,
            reraise=True,
        )
        try:
            return retrying(request)
        except Unreachable as error:
            self.unreachable = error
            raise

    def require_reachable(self) -> None:
        """Do nothing unless the platform was given up.

        Raises:
            Unreachable: it was.
        """
        if self.unreachable is not None:
            raise self.unreachable

    def pause(self, seconds: float) -> None:
        """Wait in pieces, keeping the lease and listening for Ctrl-C."""
        self.spent += seconds
        left = seconds
        while left > 0 and not self.interrupt.is_requested:
            piece = min(left, HEARTBEAT_SECONDS)
            self.clock.sleep(piece)
            left -= piece
            self.heartbeat()

    def _may_help(self, error: BaseException) -> bool:
        if not isinstance(error, Unavailable) or self.interrupt.is_requested:
            return False
        if error.retry_after is not None and error.retry_after > LONGEST_ASKED_WAIT_SECONDS:
            return False
        return self.spent + max(error.retry_after or 0.0, 0.0) <= BUDGET.total_seconds()

    def _say(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0.0
        terminal.say(f"{error}; trying again in {wait:.0f} s ({state.attempt_number} of {self.max_retries})")

    def _wait(self, state: RetryCallState) -> float:
        """The platform's own wish or a growing pause, whichever is longer, with jitter against herds."""
        backoff = _BACKOFF(state)
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Unavailable) else None
        return max(backoff, asked or 0.0)
