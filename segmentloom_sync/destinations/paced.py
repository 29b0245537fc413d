"""A platform that tells how much of its rate limit is used up, so that nobody has to run into it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable


@runtime_checkable
class Paced(Protocol):
    """A destination whose platform tells it with its answers."""

    def next_change_at(self) -> datetime | None:
        """Before when it should get no further batch, by what it last told; None: at once."""
        ...
