"""The small values of an audience file: each function reads YAML data or says what is wrong with it.

The types for optional keys include None for the key that is left out; a null in the file is refused.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

COUNT = re.compile(r"(>=|<=|!=|>|<|=)\s*([0-9]{1,9})")
COUNT_SCHEMA = r"^\s*(>=|<=|!=|>|<|=)\s*[0-9]{1,9}\s*$"
AMOUNT_DIGITS, AMOUNT_DECIMALS = 18, 9
"""Before and after the point: what sums are computed with."""


def wrong(message: str) -> PydanticCustomError:
    """An error that reaches the user as it is."""
    return PydanticCustomError("segmentloom", "{message}", {"message": message})


def text(value: Any) -> str:
    """Text that is not empty and can be stored everywhere."""
    if not isinstance(value, str):
        is_unquoted = isinstance(value, bool | int | float | datetime)
        raise wrong("must be text; put quotes around it" if is_unquoted else "must be text")
    if not value:
        raise wrong("must not be empty")
    return storable(value)


def storable(value: str) -> str:
    """Text without control characters and half characters."""
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        raise wrong("must not hold control characters or line ends")
    return value


def scalar(value: Any) -> str | bool | int | float:
    """What `is` and `in` compare with: text (also empty), a number or a boolean."""
    if isinstance(value, datetime):
        raise wrong(
            "cannot compare with a date; use gt, gte, lt, lte or between, or quote it to compare text"
        )
    if value is None:
        raise wrong("must not be null; use exists: false for a missing value")
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, bool):
        return value
    return number(value, expected="must be text, a number or true/false")


def number(value: Any, *, expected: str = "must be a number") -> int | float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(expected)
    if not math.isfinite(value):
        raise wrong("must be a finite number")
    return int(value) if isinstance(value, int) else float(value)


def scalars(value: Any) -> list[str | bool | int | float]:
    """A list that is not empty."""
    if not isinstance(value, list):
        raise wrong("must be a list, e.g. [US, CA]")
    if not value:
        raise wrong("must not be an empty list")
    return value


def flag(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise wrong("must be true or false")
    return value


def members(value: Any) -> int:
    """A number of members, at least one."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise wrong("must be a whole number, 1 or more")
    return int(value)


def share(value: Any) -> int | float:
    """A number of per cent, which may be above 100: an audience can double."""
    if number(value, expected="must be a number, 0 or more") < 0:
        raise wrong("must be a number, 0 or more")
    return number(value)


def bound(value: Any) -> int | float | datetime:
    """What gt, gte, lt and lte compare with: a number or an unquoted date or timestamp."""
    if isinstance(value, datetime):
        return value
    _no_comma(value)
    if isinstance(value, str):
        raise wrong("must be a number or a date; write it without quotes")
    return number(value, expected="must be a number or an unquoted date")


def _no_comma(value: Any) -> None:
    """Refuse 1,5 and 1,000, which are text to YAML."""
    if isinstance(value, str) and re.fullmatch("[-+]?[0-9]+(,[0-9]+)+", value.strip()):
        raise wrong("must be a number without a comma; decimals have a point, e.g. 1.5")


def bounds(value: Any) -> tuple[int | float | datetime, int | float | datetime]:
    """The two ends of `between`, both included."""
    if not isinstance(value, list) or len(value) != 2:
        raise wrong("must be a list of two values, e.g. [10, 20]")
    low, high = bound(value[0]), bound(value[1])
    if isinstance(low, datetime) and isinstance(high, datetime):
        in_order = low <= high
    elif isinstance(low, datetime) or isinstance(high, datetime):
        raise wrong("must be two numbers or two dates")
    else:
        in_order = low <= high
    if not in_order:
        raise wrong("must have the smaller value first")
    return low, high


def amount(value: Any) -> int | float:
    """What a sum or an average compares with: a number that is exact in their decimals."""
    if isinstance(value, datetime):
        raise wrong("must be a number: dates have no sum and no average")
    found = _unquoted(value)
    if abs(found) >= 10**AMOUNT_DIGITS:
        raise wrong(f"must have at most {AMOUNT_DIGITS} digits before the point")
    if Decimal(str(found)).scaleb(AMOUNT_DECIMALS) % 1:
        raise wrong(f"must have at most {AMOUNT_DECIMALS} digits after the point")
    return found


def amounts(value: Any) -> tuple[int | float, int | float]:
    """The two ends of `between`, both included, for a sum or an average."""
    if not isinstance(value, list) or len(value) != 2:
        raise wrong("must be a list of two numbers, e.g. [10, 20]")
    low, high = amount(value[0]), amount(value[1])
    if low > high:
        raise wrong("must have the smaller value first")
    return low, high


def plain_number(value: Any) -> int | float:
    """What the least or greatest number equals."""
    if isinstance(value, datetime):
        raise wrong("cannot compare with a date; use gt, gte, lt, lte or between")
    return _unquoted(value)


def _unquoted(value: Any) -> int | float:
    _no_comma(value)
    is_text = isinstance(value, str)
    return number(
        value, expected="must be a number; write it without quotes" if is_text else "must be a number"
    )


def path(value: Any) -> tuple[str, ...]:
    """The keys that lead to a value: text split at dots, or a list of keys."""
    if isinstance(value, str):
        keys: list[Any] = value.split(".")
    elif isinstance(value, list) and value:
        keys = value
    else:
        raise wrong("must be a name such as plan or address.city, or a list of keys")
    for key in keys:
        if not isinstance(key, str):
            raise wrong("must be text keys; put quotes around numbers")
        if not key:
            raise wrong('has an empty key; write keys that hold dots as a list, e.g. [order, "total.eur"]')
        if '"' in key or "\\" in key or not key.strip("*"):
            raise wrong("must not have keys with double quotes, backslashes or only stars")
        storable(key)
    return tuple(keys)


def count(value: Any) -> tuple[str, int]:
    """A count expression as operator and number."""
    found = COUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found:
        return found[1], int(found[2])
    bare = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if re.fullmatch("[0-9]{1,9}", bare):
        operator = ">=" if int(bare) else "="
        raise wrong(f'needs an operator, e.g. "{operator} {bare}"')
    raise wrong('must be one of >= > <= < = != and a whole number, e.g. ">= 2"')


def sequence(value: Any) -> list[Any]:
    """The steps of a sequence, each read by its model."""
    if not isinstance(value, list):
        raise wrong("must be a list of events, e.g. [{event: Product Added}, {event: Order Completed}]")
    if not 2 <= len(value) <= 5:
        raise wrong(f"must have two to five events, not {len(value)}")
    return value


def occurrence(value: Any) -> str:
    """Which one of all such events."""
    if value not in ("first", "last"):
        raise wrong("must be first or last")
    return str(value)


def given(value: Any) -> Any:
    """A mapping of keys, read by its model."""
    if not isinstance(value, dict):
        raise wrong("must be a mapping of keys")
    return value


def percent(value: Any) -> int | float:
    """A part of all persons, above 0 and below 100, to the hundredth."""
    _no_comma(value)
    if not 0 < number(value) < 100:
        raise wrong("must be above 0 and below 100")
    if Decimal(str(value)) * 100 % 1:
        raise wrong("must have at most 2 digits after the point")
    return number(value)


def rank(value: Any) -> int:
    """A place in a group, 1 for the first."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise wrong("must be a whole number, 1 or more; 1 comes first")
    return int(value)


def user(value: Any) -> str:
    """`user_id:<value>` of a test; gives the value."""
    kind, colon, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    if kind != "user_id" or not colon or not name.strip():
        raise wrong('must be a user id, e.g. "user_id:u_123"')
    return storable(name.strip())


_NAME = {"type": "string", "minLength": 1}
_BOUND: dict[str, Any] = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}"}]
}

Text = Annotated[str, BeforeValidator(text), WithJsonSchema(_NAME)]
Part = Annotated[str | None, BeforeValidator(text), WithJsonSchema(_NAME)]
Flag = Annotated[bool | None, BeforeValidator(flag), WithJsonSchema({"type": "boolean"})]
Members = Annotated[int | None, BeforeValidator(members), WithJsonSchema({"type": "integer", "minimum": 1})]
Share = Annotated[
    int | float | None, BeforeValidator(share), WithJsonSchema({"type": "number", "minimum": 0})
]
_VALUE = {"type": ["string", "number", "boolean"]}
Scalar = Annotated[str | bool | int | float | None, BeforeValidator(scalar), WithJsonSchema(_VALUE)]
Scalars = Annotated[
    list[Scalar] | None,
    BeforeValidator(scalars),
    WithJsonSchema({"type": "array", "items": _VALUE, "minItems": 1}),
]
Bound = Annotated[int | float | datetime | None, BeforeValidator(bound), WithJsonSchema(_BOUND)]
Bounds = Annotated[
    tuple[int | float | datetime, int | float | datetime] | None,
    BeforeValidator(bounds),
    WithJsonSchema({"type": "array", "items": _BOUND, "minItems": 2, "maxItems": 2}),
]
Path = Annotated[
    tuple[str, ...],
    BeforeValidator(path),
    WithJsonSchema({"anyOf": [_NAME, {"type": "array", "items": _NAME, "minItems": 1}]}),
]
Count = Annotated[
    tuple[str, int],
    BeforeValidator(count),
    WithJsonSchema({"type": "string", "pattern": COUNT_SCHEMA, "examples": [">= 2", "= 0"]}),
]
DayCount = Annotated[
    tuple[str, int] | None,
    BeforeValidator(count),
    WithJsonSchema({"type": "string", "pattern": COUNT_SCHEMA, "examples": [">= 3"]}),
]
_NUMBER = {"type": "number"}
_TWO_NUMBERS: dict[str, Any] = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
Number = Annotated[int | float | None, BeforeValidator(plain_number), WithJsonSchema(_NUMBER)]
Amount = Annotated[int | float | None, BeforeValidator(amount), WithJsonSchema(_NUMBER)]
Amounts = Annotated[
    tuple[int | float, int | float] | None, BeforeValidator(amounts), WithJsonSchema(_TWO_NUMBERS)
]
Percent = Annotated[
    int | float,
    BeforeValidator(percent),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100, "examples": [10]}),
]
Rank = Annotated[int, BeforeValidator(rank), WithJsonSchema({"type": "integer", "minimum": 1})]
Occurrence = Annotated[
    str | None, BeforeValidator(occurrence), WithJsonSchema({"type": "string", "enum": ["first", "last"]})
]
SequenceList = BeforeValidator(sequence)
Given = BeforeValidator(given)
User = Annotated[str, BeforeValidator(user), WithJsonSchema({"type": "string", "pattern": "^user_id:.+$"})]
