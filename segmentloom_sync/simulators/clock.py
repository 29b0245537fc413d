"""The time of the simulated platforms: the real one, moved at will."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SimulatorClock:
    """A clock that can be moved forward, so that nobody waits for a platform's hours and days.

    Args:
        start: stand still at this time and move only when told to; None: run with the real time.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self._moved = timedelta()

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        return (self._start or datetime.now(UTC)) + self._moved

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self._moved += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Waiting is moving forward, so that a client on this clock needs no real time."""
        self.advance(seconds)
