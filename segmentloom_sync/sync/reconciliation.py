"""What a comparison of a list with its platform found, as runs report it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LOOK = "look at the list there"
"""What a person can do about drift that nothing else mends."""


@dataclass(slots=True)
class Reconciliation:
    """What a platform says of a list, and what follows.

    Attributes:
        status: in the platform's words; None where it tells none.
        size: bounds of the users that it counts; None where it tells none.
        identifiers: how many of ours the list may hold.
        drift: what nothing explains, one line each.
        unrepaired: that of it which sending anew does not mend.
        sent_anew: identifiers whose addition is repeated.
        unreadable: what the platform does not tell.
        remedy: what a person can do about `unrepaired`.
    """

    status: str | None = None
    size: tuple[float, float] | None = None
    identifiers: int = 0
    drift: list[str] = field(default_factory=list)
    unrepaired: list[str] = field(default_factory=list)
    sent_anew: int = 0
    unreadable: list[str] = field(default_factory=list)
    remedy: str = LOOK

    def as_json(self) -> dict[str, Any]:
        """Stable keys for `--json`."""
        lower, upper = self.size or (None, None)
        return {
            "status": self.status,
            "size_lower": lower,
            "size_upper": upper,
            "identifiers": self.identifiers,
            "drift": self.drift,
            "unrepaired": self.unrepaired,
            "sent_anew": self.sent_anew,
            "unreadable": self.unreadable,
        }
