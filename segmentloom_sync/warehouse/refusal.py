"""What an engine says when it refuses, without the values that it likes to quote."""

from __future__ import annotations

import re

from segmentloom_sync.errors import WarehouseError

_LIMIT = 300
_ABOUT_NAMES = re.compile(
    r"does not exist|invalid identifier|not found|unknown (function|column)|unrecognized name|not authorized",
    re.I,
)
_QUOTED_VALUE = re.compile(r"'(?:[^']|'')*'")
_LONG_TOKEN = re.compile(r"[0-9A-Fa-f]{24,}|\+?\d[\d ()-]{6,}\d")
_EMAIL = re.compile(r"[^\s\"'<>:,;]+@[^\s\"'<>:,;]+")
_KEY_AND_VALUE = re.compile(r'"[^"]*:[^"]*"')


def refusal(error: Exception, *, doing: str) -> WarehouseError:
    """A WarehouseError for a driver's error.

    Args:
        error: what the driver raised; its text may quote rows.
        doing: what was tried, e.g. `loading segmentloom_raw.events`.
    """
    return WarehouseError(f"the warehouse refused {doing}: {without_values(str(error))}")


def without_values(text: str) -> str:
    """The first lines of a driver's message with values masked; names of relations and columns stay."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # Behind `LINE 1:` DuckDB repeats the statement, and Google and Snowflake add trace ids.
    kept = []
    for line in lines[:3]:
        if line.startswith(("LINE ", "Location:", "Job ID:")):
            break
        kept.append(line)
    message = " ".join(kept) or "no message"
    if not _ABOUT_NAMES.search(message):
        message = _QUOTED_VALUE.sub("'...'", message)
    message = _KEY_AND_VALUE.sub('"..."', message)
    message = _EMAIL.sub("...", message)
    message = _LONG_TOKEN.sub("...", message)
    return message if len(message) <= _LIMIT else f"{message[:_LIMIT]}..."
