"""Stops a change that looks like an accident until a person releases it."""

from __future__ import annotations

from segmentloom_sync.sync.plan import PlanCounts
from segmentloom_sync.sync.target import MIN_REMOVALS


def held_reason(counts: PlanCounts, max_removal_percent: float) -> str | None:
    """Why a change is held back, or None.

    Held is what would empty a list, or remove more than 100 identifiers and more than the given share of it.
    Removals for privacy (see `plan.delta`) don't count and are never held, and what an earlier run has let
    through isn't asked about again.
    """
    removals = counts.new_removes
    if removals == 0:
        return None
    if counts.wanted == 0:
        return f"the audience is empty while the list holds {counts.held:,} identifiers"
    percent = 100 * removals / counts.held
    if removals > MIN_REMOVALS and percent > max_removal_percent:
        return (
            f"{removals:,} of {counts.held:,} identifiers would be removed "
            f"({percent:.0f} %, allowed are {max_removal_percent:g} %)"
        )
    return None
