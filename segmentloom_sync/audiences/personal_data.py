"""Finds e-mail addresses and telephone numbers in audience files: what git has seen cannot be erased."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

EMAIL = re.compile(r"[^\s@<>\"',;:]+@[^\s@<>\"',;:]+\.[^\s@<>\"',;:]+")
INTERNATIONAL = re.compile(r"(?<![\w+])(?:\+|00)[1-9](?:[ ().\-/]{0,2}[0-9]){6,13}(?![0-9])")
GROUPED = re.compile(r"(?<![\w.\-])\(?[0-9]{3}\)?[ .\-/]{1,2}[0-9]{3}[ .\-][0-9]{4}(?![\w.\-])")
DIGITS_ONLY = re.compile(r"[0-9]{10,15}")
EQUALITY = frozenset({"is", "is_not", "in", "not_in"})

Steps = tuple[str | int, ...]


def personal_data(data: Any, steps: Steps = ()) -> Iterator[tuple[Steps, str]]:
    """Where values look like personal data.

    Args:
        data: what YAML holds, e.g. under `match`.
        steps: where that stands.

    Yields:
        The steps to each such value and what it looks like. The value itself is never in the text.
    """
    if isinstance(data, dict):
        for key, value in data.items():
            yield from personal_data(value, (*steps, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from personal_data(value, (*steps, index))
    else:
        kind = _kind(data, is_compared_for_equality=bool(EQUALITY & set(map(str, steps[-2:]))))
        if kind:
            yield steps, kind


def _kind(value: Any, *, is_compared_for_equality: bool) -> str | None:
    if isinstance(value, str):
        if EMAIL.search(value):
            return "an e-mail address"
        if INTERNATIONAL.search(value) or GROUPED.search(value) or DIGITS_ONLY.fullmatch(value.strip()):
            return "a telephone number"
    elif isinstance(value, int | float) and not isinstance(value, bool) and is_compared_for_equality:
        # Bounds such as `gte: 1000000000` are amounts; a number that somebody must equal may be theirs.
        is_whole = math.isfinite(value) and value == int(value)
        if is_whole and DIGITS_ONLY.fullmatch(str(abs(int(value)))):
            return "a telephone number"
    return None
