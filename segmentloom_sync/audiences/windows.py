"""Times in audience files: windows, spans and time zones, read or said to be wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

import pytz
from pydantic import BeforeValidator, WithJsonSchema

from segmentloom_sync.audiences.problems import suggestion
from segmentloom_sync.audiences.values import wrong

WINDOW = re.compile(r"([1-9][0-9]{0,6})\s+(hour|day|calendar\s+day)s?")
WINDOW_SCHEMA = r"^\s*[1-9][0-9]*\s+(hour|day|calendar\s+day)s?\s*$"
SPAN_SCHEMA = r"^\s*[1-9][0-9]*\s+(hour|day)s?\s*$"
ZONE_SCHEMA = "^[A-Za-z][A-Za-z0-9_+/-]*$"
HOURS = {"hour": 1, "day": 24}
MAXIMUM_DAYS = 100 * 366


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time that ends at the evaluation.

    Attributes:
        number: how many hours, or calendar days.
        is_calendar: whether it begins with a midnight, so that its first day is whole.
    """

    number: int
    is_calendar: bool = False

    def expression(self, zone: str | None) -> dict[str, Any]:
        """As the macro takes it."""
        if not self.is_calendar:
            return {"within_hours": self.number}
        return {"within_calendar_days": self.number, **in_zone(zone)}

    def __str__(self) -> str:
        if self.is_calendar:
            return _counted(self.number, "calendar day")
        return span_text(self.number)


def in_zone(zone: str | None) -> dict[str, str]:
    """The time zone for the macro, which takes the default one when the file names none."""
    return {} if zone is None else {"time_zone": zone}


def span_text(hours: int) -> str:
    """A number of hours in words, as days where it is whole ones."""
    return _counted(hours // 24, "day") if hours % 24 == 0 else _counted(hours, "hour")


def window(value: Any) -> Window:
    """Hours, days or calendar days."""
    number, unit = _length(value, "a number of hours, days or calendar days", "7 days or 12 hours")
    return Window(number, is_calendar=True) if unit == "calendar day" else Window(number * HOURS[unit])


def span(value: Any) -> int:
    """Hours or days, in hours."""
    number, unit = _length(value, "a number of hours or days", "3 days or 12 hours")
    if unit == "calendar day":
        raise wrong("must be a number of hours or days: it begins with an event, not with a midnight")
    return number * HOURS[unit]


def time_zone(value: Any) -> str:
    """The name of a time zone."""
    if not isinstance(value, str) or not value:
        raise wrong("must be the name of a time zone, e.g. Europe/Berlin")
    if value not in pytz.all_timezones_set:
        close = suggestion(value, pytz.all_timezones, kind="")
        hint = f"; {close}" if close.startswith("did") else ", e.g. Europe/Berlin"
        raise wrong(f"must be the name of a time zone{hint}")
    return value


def _length(value: Any, expected: str, example: str) -> tuple[int, str]:
    found = WINDOW.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        bare = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
        hint = f"{bare} days" if re.fullmatch("[1-9][0-9]*", bare) else example
        raise wrong(f"must be {expected}, e.g. {hint}")
    number, unit = int(found[1]), " ".join(found[2].split())
    if number * HOURS.get(unit, 24) > MAXIMUM_DAYS * 24:
        raise wrong("must be 100 years or less; leave it out for all history")
    return number, unit


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


Within = Annotated[
    Window | None,
    BeforeValidator(window),
    WithJsonSchema({"type": "string", "pattern": WINDOW_SCHEMA, "examples": ["7 days", "7 calendar days"]}),
]
Span = Annotated[
    int | None,
    BeforeValidator(span),
    WithJsonSchema({"type": "string", "pattern": SPAN_SCHEMA, "examples": ["3 days", "12 hours"]}),
]
TimeZone = Annotated[
    str | None,
    BeforeValidator(time_zone),
    WithJsonSchema({"type": "string", "pattern": ZONE_SCHEMA, "examples": ["Europe/Berlin", "UTC"]}),
]
