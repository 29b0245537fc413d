"""Which unquoted YAML text is a number, a boolean, a date: YAML 1.2's core schema and YAML's timestamps."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone

import yaml

EXACT = 2**53
"""Up to here a 64-bit float holds every whole number."""
MAXIMUM_DIGITS = 300

TIMESTAMP = re.compile(
    r"""(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})
    (?:(?:[Tt]|[ \t]+)(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]*)?)?)
       (?:[ \t]*(?P<zone>Z|[-+][0-9]{2}(?::?[0-9]{2})?))?)?$""",
    re.VERBOSE,
)


class CoreLoader(yaml.SafeLoader):
    """A loader that resolves plain text as YAML 1.2 does."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - how PyYAML has a loader start without inherited resolvers


for _name, _pattern, _first in (
    ("null", r"(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    (
        "float",
        r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        list("-+.0123456789"),
    ),
    ("timestamp", TIMESTAMP, list("0123456789")),
):
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), _first)


def number(text: str) -> int | float:
    """An unquoted YAML number; whole ones that a double cannot hold exactly become the nearest double."""
    if text.startswith(("0x", "0o")):
        value = int(text, 0) if len(text) <= MAXIMUM_DIGITS else math.inf
    elif text.lstrip("-+").isdigit() and len(text) <= MAXIMUM_DIGITS:
        value = int(text)
    else:
        value = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return float(value) if abs(value) > EXACT else value


def timestamp(text: str) -> datetime:
    """An unquoted YAML date (midnight) or timestamp as a time in UTC; without a zone it is UTC.

    Raises:
        ValueError: no such date or time.
    """
    parts = TIMESTAMP.match(text)
    if parts is None:
        raise ValueError(text)
    time = parts["time"] or "00:00"
    whole, _, fraction = time.partition(".")
    moment = datetime.fromisoformat(f"{parts['date']}T{whole}").replace(
        microsecond=int(f"{fraction:0<6}"[:6]) if fraction else 0, tzinfo=_zone(parts["zone"])
    )
    return moment.astimezone(UTC)


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-offset if text[0] == "-" else offset)
