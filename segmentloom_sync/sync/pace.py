"""Slows down between two batches where the platform says that its rate limit is nearly used up."""

from __future__ import annotations

from segmentloom_sync.destinations.paced import Paced
from segmentloom_sync.sync.retry import Attempts
from segmentloom_sync.sync.target import SyncTarget


def keep_pace(attempts: Attempts, target: SyncTarget) -> None:
    """Wait until the platform should get the next batch; at once where it says nothing.

    Raises:
        Unavailable: it wants to be left alone for longer than a run waits; it is given up for this run.
        PutOff: lists of other destinations come first.
    """
    if isinstance(target.destination, Paced) and (moment := target.destination.next_change_at()) is not None:
        attempts.wait_until(moment, f"{target.destination.type} has used up most of its rate limit")
