"""When audiences were last evaluated, and whether that is recent enough."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from segmentloom_sync.errors import SegmentloomError
from segmentloom_sync.warehouse.base import Warehouse

PUBLICATIONS: Final = "int_segmentloom__publications"
"""One row per published audience: as of when its members are."""

FAILURES: Final = "int_segmentloom__failed_audiences"
"""One row per audience whose newest evaluation failed tests, its own or of its priority group."""

NEVER_EVALUATED: Final = (
    "`segmentloom-sync compile` writes its model, then `dbt build` evaluates it; "
    "`segmentloom-sync run --dry-run` does both"
)


def published_evaluations(warehouse: Warehouse) -> Mapping[str, datetime]:
    """Of when each audience's published members are, which may be older than one published before.

    An audience that is not published is left out.
    """
    if not warehouse.exists(PUBLICATIONS):
        return {}
    rows = warehouse.rows(f"select audience, evaluated_at from {warehouse.relation(PUBLICATIONS)}")
    return {str(audience): evaluated_at for audience, evaluated_at in rows}


def published_evaluation(warehouse: Warehouse, audience: str, as_of: datetime | None) -> datetime | None:
    """As `published_evaluations`, of one audience.

    Returns:
        None when it is not published, or not `as_of` where that is given.
    """
    evaluated_at = published_evaluations(warehouse).get(audience)
    return evaluated_at if as_of in (None, evaluated_at) else None


def failed_evaluations(warehouse: Warehouse) -> Mapping[str, tuple[datetime, str]]:
    """Of when each audience's newest evaluation is, and the names of the tests that held it back.

    An audience whose newest evaluation passed is left out.
    """
    if not warehouse.exists(FAILURES):
        return {}
    rows = warehouse.rows(f"select audience, failed_at, tests from {warehouse.relation(FAILURES)}")
    return {str(audience): (failed_at, str(tests)) for audience, failed_at, tests in rows}


def check_passed(warehouse: Warehouse, audience: str) -> None:
    """Refuse the last good members of an audience whose newest evaluation failed its tests.

    Raises:
        SegmentloomError: it did; the message names the tests.
    """
    failed = failed_evaluations(warehouse).get(audience)
    if failed is not None:
        failed_at, tests = failed
        raise SegmentloomError(
            f"the newest evaluation of {audience}, of {failed_at:%Y-%m-%d %H:%M} UTC, failed tests: {tests}",
            hint="its last good members stay, save for opt-outs, until an evaluation passes",
        )


def check_fresh(
    audience: str, evaluated_at: datetime | None, cadence: timedelta, now: datetime, *, remedy: str
) -> None:
    """Refuse a membership that is older than its cadence: a stale cohort is never sent.

    Args:
        evaluated_at: of when the published members are; None when that isn't known.
        remedy: how the audience can be evaluated anew, for the hint.

    Raises:
        SegmentloomError: it is, or there is none.
    """
    if evaluated_at is None:
        raise SegmentloomError(f"audience {audience} has never been evaluated", hint=NEVER_EVALUATED)
    if now - evaluated_at > cadence:
        hours = (now - evaluated_at).total_seconds() / 3600
        raise SegmentloomError(
            f"the membership of {audience} is {hours:.1f} hours old, older than its cadence", hint=remedy
        )
