"""When audiences were last evaluated, and whether that is recent enough."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from segmentloom_sync.errors import SegmentloomError
from segmentloom_sync.warehouse.base import Warehouse


def published_evaluations(warehouse: Warehouse) -> Mapping[str, datetime]:
    """Of when each audience's published members are, which may be older than one published before.

    The members say so themselves. Of an audience without members its newest evaluation that found none does.
    An audience of which it isn't known is left out.
    """
    return {audience: max(times) for audience, times in _published(warehouse).items()}


def published_evaluation(warehouse: Warehouse, audience: str, as_of: datetime | None) -> datetime | None:
    """As `published_evaluations`, of one audience.

    Returns:
        None when it isn't known, or isn't `as_of` where that is given.
    """
    found = _published(warehouse).get(audience, set())
    if as_of is not None:
        return as_of if as_of in found else None
    return max(found, default=None)


def _published(warehouse: Warehouse) -> dict[str, set[datetime]]:
    """The times that the published members may be of: several only where several evaluations found none."""
    if not warehouse.exists("audience_sizes"):
        return {}
    found: dict[str, set[datetime]] = {}
    for audience, evaluated_at in warehouse.rows(
        f"""
        select
            audience,
            evaluated_at
        from {warehouse.relation("audience_sizes")}
        where members = 0
        """
    ):
        found.setdefault(str(audience), set()).add(evaluated_at)
    of_members = warehouse.rows(
        f"""
        select
            audience,
            max(evaluated_at) as evaluated_at
        from {warehouse.relation("audience_membership")}
        group by 1
        """
    )
    return found | {str(audience): {evaluated_at} for audience, evaluated_at in of_members}


def check_fresh(
    audience: str, evaluated_at: datetime | None, cadence: timedelta, now: datetime, *, remedy: str
) -> None:
    """Refuse a membership that is older than its cadence: a stale cohort is never sent.

    Args:
        evaluated_at: of when the published members are; None when that isn't known.
        remedy: how the audience can be evaluated, for the hint.

    Raises:
        SegmentloomError: it is, or there is none.
    """
    if evaluated_at is None:
        raise SegmentloomError(f"audience {audience} has never been evaluated", hint=remedy)
    if now - evaluated_at > cadence:
        hours = (now - evaluated_at).total_seconds() / 3600
        raise SegmentloomError(
            f"the membership of {audience} is {hours:.1f} hours old, older than its cadence", hint=remedy
        )
