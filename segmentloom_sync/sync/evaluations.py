"""When audiences were last evaluated, and which are due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from segmentloom_sync.errors import SegmentloomError
from segmentloom_sync.warehouse.base import Warehouse

EARLY = 0.1
"""The share of a cadence by which an audience is due early, so that a scheduler's jitter skips no turn."""


def latest_evaluations(warehouse: Warehouse) -> Mapping[str, datetime]:
    """The time of each audience's newest published evaluation; empty before the first dbt run."""
    if not warehouse.exists("audience_sizes"):
        return {}
    rows = warehouse.rows(
        f"""
        select
            audience,
            max(evaluated_at) as evaluated_at
        from {warehouse.relation("audience_sizes")}
        group by 1
        """
    )
    return {str(audience): evaluated_at for audience, evaluated_at in rows}


def published_evaluation(warehouse: Warehouse, audience: str, as_of: datetime | None) -> datetime | None:
    """Of when the published members are; None when that isn't known, or isn't `as_of` where that is given.

    The members say so themselves. Of an audience without members the sizes do.
    """
    if not warehouse.exists("audience_sizes"):
        return None
    [(of_members,)] = warehouse.rows(
        f"""
        select max(evaluated_at) as evaluated_at
        from {warehouse.relation("audience_membership")}
        where audience = :audience
        """,
        audience=audience,
    )
    if of_members is not None:
        found = {of_members}
    else:
        sizes = warehouse.rows(
            f"""
            select evaluated_at
            from {warehouse.relation("audience_sizes")}
            where audience = :audience
            """,
            audience=audience,
        )
        found = {evaluated_at for (evaluated_at,) in sizes}
    if as_of is not None:
        return as_of if as_of in found else None
    return max(found, default=None)


def is_due(evaluated_at: datetime | None, cadence: timedelta, now: datetime) -> bool:
    """Whether an audience's cadence asks for a new evaluation."""
    return evaluated_at is None or now - evaluated_at >= cadence * (1 - EARLY)


def check_fresh(audience: str, evaluated_at: datetime | None, cadence: timedelta, now: datetime) -> None:
    """Refuse a membership that is older than its cadence: a stale cohort is never sent.

    Raises:
        SegmentloomError: it is, or there is none.
    """
    if evaluated_at is None:
        raise SegmentloomError(
            f"audience {audience} has never been evaluated",
            hint=f"run without --no-build, or `dbt build --select +audience_{audience}` first",
        )
    if now - evaluated_at > cadence:
        hours = (now - evaluated_at).total_seconds() / 3600
        raise SegmentloomError(
            f"the membership of {audience} is {hours:.1f} hours old, older than its cadence",
            hint="run without --no-build, or build it with dbt first",
        )


def due_audiences(
    cadences: Mapping[str, timedelta],
    evaluations: Mapping[str, datetime],
    unfinished: Iterable[str],
    now: datetime,
) -> list[str]:
    """The audiences whose cadence or whose unfinished sync asks for a run, in the given order."""
    again = set(unfinished)
    return [
        audience
        for audience, cadence in cadences.items()
        if audience in again or is_due(evaluations.get(audience), cadence, now)
    ]
