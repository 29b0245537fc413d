"""How fast a key may send: a bucket of tokens that fills with time and is emptied by events."""

from __future__ import annotations

import math
from typing import Final

BURST_SECONDS: Final = 10.0
"""A key that was quiet may send what it may send in this time at once."""


class Bucket:
    """Tokens of one key.

    A batch is taken while there is any token at all and may leave a debt, so that a low rate does not shut
    out large batches for ever.

    Args:
        rate: events a second.
        now: seconds of a clock that never goes back.
    """

    __slots__ = ("_at", "_most", "_tokens", "rate")

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._most = max(1.0, rate * BURST_SECONDS)
        self._tokens = self._most
        self._at = now

    def wait(self, now: float) -> int:
        """Whole seconds until something is taken; 0: now."""
        self._fill(now)
        return 0 if self._tokens > 0 else max(1, math.ceil((1e-9 - self._tokens) / self.rate))

    def take(self, events: int) -> None:
        """Empty it by so many events."""
        self._tokens -= events

    def headers(self, now: float) -> list[tuple[str, str]]:
        """What a client is told, as Segment does: events a second, events left, seconds until it is full."""
        self._fill(now)
        return [
            ("x-ratelimit-limit", f"{self.rate:g}"),
            ("x-ratelimit-remaining", str(max(0, math.floor(self._tokens)))),
            ("x-ratelimit-reset", str(math.ceil((self._most - self._tokens) / self.rate))),
        ]

    def _fill(self, now: float) -> None:
        self._tokens = min(self._most, self._tokens + (now - self._at) * self.rate)
        self._at = now
