"""Who is in an audience, worked out in plain Python from what the documentation promises.

Conditions are the YAML data of an audience file; profiles and events are plain data. Nothing of the
product is used here, so that agreement means something.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
TIMESTAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
MISSING = object()


@dataclass(frozen=True)
class Event:
    """Something a profile did."""

    profile_id: str
    event: str
    occurred_at: datetime
    properties: Any


@dataclass(frozen=True)
class World:
    """What conditions look at.

    Attributes:
        traits: by profile.
        events: of all profiles.
        as_of: the end of every window; later events do not exist.
        audiences: the members of other audiences.
    """

    traits: Mapping[str, Any]
    events: Iterable[Event]
    as_of: datetime
    audiences: Mapping[str, frozenset[str]]

    def members(self, match: Mapping[str, Any]) -> set[str]:
        """The profiles for which a condition holds."""
        mine: dict[str, list[Event]] = {profile: [] for profile in self.traits}
        for event in self.events:
            if event.occurred_at <= self.as_of:
                mine[event.profile_id].append(event)
        return {profile for profile in self.traits if self._holds(match, profile, mine[profile])}

    def _holds(self, match: Mapping[str, Any], profile: str, events: list[Event]) -> bool:
        if "all" in match:
            return all(self._holds(member, profile, events) for member in match["all"])
        if "any" in match:
            return any(self._holds(member, profile, events) for member in match["any"])
        if "not" in match:
            return not self._holds(match["not"], profile, events)
        if "audience" in match:
            return profile in self.audiences[match["audience"]]
        if "trait" in match:
            return compare(self.traits[profile], match["trait"], match)
        return self._did(match, events)

    def _did(self, match: Mapping[str, Any], events: list[Event]) -> bool:
        start: datetime | None = None
        if "within" in match:
            number, unit = match["within"].split()
            start = self.as_of - int(number) * (
                timedelta(hours=1) if unit.startswith("hour") else timedelta(days=1)
            )
        found = sum(
            event.event == match["event"]
            and (start is None or event.occurred_at > start)
            and all(compare(event.properties, test["property"], test) for test in match.get("where", []))
            for event in events
        )
        operator, threshold = match.get("count", ">= 1").split()
        return COUNTS[operator](found, int(threshold))


COUNTS: dict[str, Callable[[int, int], bool]] = {
    ">=": lambda found, wanted: found >= wanted,
    ">": lambda found, wanted: found > wanted,
    "<=": lambda found, wanted: found <= wanted,
    "<": lambda found, wanted: found < wanted,
    "=": lambda found, wanted: found == wanted,
    "!=": lambda found, wanted: found != wanted,
}


def compare(data: Any, path: str | list[str], test: Mapping[str, Any]) -> bool:
    """Whether what lies at a path passes a test."""
    value = reach(data, path)
    ((operator, wanted),) = [(key, test[key]) for key in test if key not in {"trait", "property"}]
    if operator == "exists":
        return (value is not MISSING) is wanted
    if operator == "is":
        return equals(value, wanted)
    if operator == "is_not":
        return not equals(value, wanted)
    if operator == "in":
        return any(equals(value, one) for one in wanted)
    if operator == "not_in":
        return not any(equals(value, one) for one in wanted)
    if operator in {"contains", "starts_with"}:
        text = text_of(value)
        return text is not None and (wanted in text if operator == "contains" else text.startswith(wanted))
    return in_range(value, operator, wanted)


def in_range(value: Any, operator: str, wanted: Any) -> bool:
    """Whether a value lies where gt, gte, lt, lte or between want it."""
    bounds: list[Any] = list(wanted) if operator == "between" else [wanted]
    if isinstance(bounds[0], date):
        actual: Any = time_of(value)
        bounds = [instant(bound) for bound in bounds]
    else:
        actual = number_of(value)
    if actual is None:
        return False
    if operator == "between":
        return bool(bounds[0] <= actual <= bounds[1])
    (bound,) = bounds
    holds = {"gt": actual > bound, "gte": actual >= bound, "lt": actual < bound, "lte": actual <= bound}
    return bool(holds[operator])


def reach(data: Any, path: str | list[str]) -> Any:
    """The value at a path through objects; null is missing."""
    for key in path.split(".") if isinstance(path, str) else path:
        if not isinstance(data, dict) or key not in data:
            return MISSING
        data = data[key]
    return MISSING if data is None else data


def equals(value: Any, wanted: Any) -> bool:
    """Equality as text, number or boolean, by the type of what is wanted."""
    if isinstance(wanted, bool):
        text = text_of(value)
        return text is not None and text.lower() == str(wanted).lower()
    if isinstance(wanted, str):
        return text_of(value) == wanted
    return bool(number_of(value) == wanted)


def text_of(value: Any) -> str | None:
    """The text of a scalar; whole numbers as digits."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(int(value)) if value == int(value) else repr(value)
    return None


def number_of(value: Any) -> float | None:
    """A JSON number, or plain decimal or exponent text, as a double; None when too large for one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and NUMBER.fullmatch(value) and math.isfinite(float(value)):
        return float(value)
    return None


def time_of(value: Any) -> datetime | None:
    """ISO text as a time in UTC."""
    found = TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    day, hour, minute, second, fraction, zone = found.groups()
    microseconds = int(f"{fraction or 0:0<6}"[:6])
    try:
        local = datetime.fromisoformat(f"{day}T{hour or '00'}:{minute or '00'}:{second or '00'}+00:00")
    except ValueError:
        return None
    offset = timedelta()
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (-1 if zone[0] == "-" else 1)
    return local.replace(microsecond=microseconds) - offset


def instant(value: date) -> datetime:
    """A YAML date is midnight; without a zone it is UTC."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)
