"""Hides what may be about a person: of a value only its shape is left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

_PLAIN = frozenset({"type", "event", "occurred_at", "reason"})
_OBJECTS = frozenset({"properties", "traits"})


def masked(row: Mapping[str, Any]) -> dict[str, Any]:
    """A delivery with x for each letter and 9 for each digit, but in names of events, times and keys."""
    return {name: value if name in _PLAIN else _shape(value) for name, value in row.items()}


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A delivery as JSON has it: its JSON columns as objects, its times as ISO text."""
    return {name: _plain(value, name in _OBJECTS) for name, value in row.items()}


def _plain(value: Any, is_object: bool) -> Any:
    if is_object and isinstance(value, str):
        return json.loads(value)
    return value.isoformat() if isinstance(value, date | datetime) else value


def _shape(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shape(inner) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    return "".join("9" if one.isdigit() else "x" if one.isalpha() else one for one in str(value))
