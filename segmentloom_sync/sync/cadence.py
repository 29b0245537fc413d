"""When audiences are due: an hourly one once in each hour of the clock, a daily one once on each day.

Hours and days are those of the var `segmentloom_time_zone`. Counting hours of the clock, and not minutes
since the last evaluation, lets a scheduler be late by minutes without ever skipping a turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytz

from segmentloom_sync.errors import ConfigError

VARIABLE = "segmentloom_time_zone"


def time_zone(variables: Mapping[str, Any]) -> pytz.BaseTzInfo:
    """The time zone of a project's dbt vars, by default UTC.

    Raises:
        ConfigError: there is no such time zone.
    """
    name = variables.get(VARIABLE, "UTC")
    if name not in pytz.all_timezones_set:
        raise ConfigError(
            f"dbt_project.yml: the var {VARIABLE} must be the name of a time zone, such as Europe/Berlin"
        )
    return pytz.timezone(name)


def due_at(cadence: str, evaluated_at: datetime | None, now: datetime, zone: pytz.BaseTzInfo) -> datetime:
    """When an audience is due next; it is due when that is not after `now`.

    Args:
        cadence: `hourly` or `daily`.
        evaluated_at: of when its published members are.
    """
    if evaluated_at is None:
        return now
    local = evaluated_at.astimezone(zone)
    if cadence == "hourly":
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return evaluated_at - past + timedelta(hours=1)
    return _midnight(local + timedelta(days=1), zone)


def due_audiences(
    cadences: Mapping[str, str],
    evaluations: Mapping[str, datetime],
    unfinished: Iterable[str],
    now: datetime,
    zone: pytz.BaseTzInfo,
) -> list[str]:
    """The audiences whose cadence or whose unfinished sync asks for a run, in the given order."""
    again = set(unfinished)
    return [
        audience
        for audience, cadence in cadences.items()
        if audience in again or due_at(cadence, evaluations.get(audience), now, zone) <= now
    ]


def _midnight(day: datetime, zone: pytz.BaseTzInfo) -> datetime:
    """When a day begins, in UTC: the first of two midnights, or the first time after one that is skipped."""
    naive = datetime(day.year, day.month, day.day)
    try:
        found = zone.localize(naive, is_dst=None)
    except pytz.AmbiguousTimeError:
        found = zone.localize(naive, is_dst=True)
    except pytz.NonExistentTimeError:
        found = zone.localize(naive, is_dst=False)
    midnight: datetime = found.astimezone(UTC)
    return midnight
