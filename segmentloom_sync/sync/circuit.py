"""Gives a platform up for the rest of a run when it does not answer, instead of waiting on each list anew."""

from __future__ import annotations

from dataclasses import dataclass

from segmentloom_sync.errors import NothingListens, Unavailable

FAILURES_IN_A_ROW = 2
"""Calls that found no answer, each after all its repeats, before a platform is given up."""


@dataclass(slots=True)
class Circuit:
    """How a destination did so far in a run, on all of its lists.

    Attributes:
        is_half_open: the run before gave the platform up: calls are tried once, until a change is answered.
        spent: seconds that went by in waiting for it.
        failures: calls in a row that found no answer.
        broken_by: why it was given up; None while it is not.
    """

    is_half_open: bool = False
    spent: float = 0.0
    failures: int = 0
    broken_by: Unavailable | None = None

    def require_closed(self) -> None:
        """Do nothing unless the platform was given up.

        Raises:
            Unavailable: it was.
        """
        if self.broken_by is not None:
            raise self.broken_by

    def succeeded(self) -> None:
        """The platform took a change, or refused it."""
        self.is_half_open = False
        self.failures = 0

    def failed(self, error: Unavailable, *, is_final: bool) -> None:
        """A call and its repeats found no answer.

        Args:
            is_final: whether it makes no sense to ask once more in this run.
        """
        self.failures += 1
        if is_final or self.is_half_open or self.failures >= FAILURES_IN_A_ROW:
            self.broken_by = Unavailable(
                f"{error.message}; given up for this run",
                hint=error.hint
                if isinstance(error, NothingListens)
                else "the next run asks once, and goes on when there is an answer",
            )
