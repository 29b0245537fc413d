"""How audiences read and compare the values of traits and properties, in plain Python."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any

NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
TIMESTAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
MISSING = object()

COUNTS: dict[str, Callable[[int, int], bool]] = {
    ">=": lambda found, wanted: found >= wanted,
    ">": lambda found, wanted: found > wanted,
    "<=": lambda found, wanted: found <= wanted,
    "<": lambda found, wanted: found < wanted,
    "=": lambda found, wanted: found == wanted,
    "!=": lambda found, wanted: found != wanted,
}


def passes_aggregate(function: str, found: list[Any], test: Mapping[str, Any]) -> bool:
    """Whether the sum, average, least or greatest of what lies at a property passes a test."""
    ((operator, wanted),) = [(key, test[key]) for key in test if key != "property"]
    bounds: list[Any] = list(wanted) if operator == "between" else [wanted]
    actual: Any
    if isinstance(bounds[0], date):
        times = [time for value in found if (time := time_of(value)) is not None]
        actual = (min if function == "min" else max)(times) if times else None
        bounds = [instant(bound) for bound in bounds]
    elif function in {"min", "max"}:
        numbers = [number for value in found if (number := number_of(value)) is not None]
        actual = (min if function == "min" else max)(numbers) if numbers else None
    else:
        exact = [amount for value in found if (amount := decimal_of(value)) is not None]
        total = sum(map(Fraction, exact), Fraction())
        actual = (total / len(exact) if function == "avg" else total) if exact else None
        bounds = [Fraction(str(bound)) for bound in bounds]
    if operator in {"is", "is_not"}:
        return (actual is not None and actual == bounds[0]) is (operator == "is")
    return actual is not None and lies_in_range(actual, operator, bounds)


def decimal_of(value: Any) -> Decimal | None:
    """A number with 9 digits after the point; None for what is none or has more than 18 before it."""
    number = number_of(value)
    text = value if isinstance(value, str) else repr(value)
    if number is None or abs(number) >= 1e18 or re.match("[+-]?[0-9]{19}", text):
        return None
    return Decimal(text).quantize(Decimal("1e-9"), ROUND_HALF_UP, Context(prec=200))


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
    return actual is not None and lies_in_range(actual, operator, bounds)


def lies_in_range(actual: Any, operator: str, bounds: list[Any]) -> bool:
    """Whether a value lies where gt, gte, lt, lte or between want it."""
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
