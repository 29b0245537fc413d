"""Conditions in words, for previews."""

from __future__ import annotations

import json
from typing import Any

from segmentloom_sync.audiences.definition import (
    AudienceCondition,
    Comparison,
    Condition,
    EventCondition,
    PropertyTest,
    Steps,
    TraitCondition,
)

_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def condition_text(steps: Steps, leaf: Condition) -> str:
    """A leaf condition with its path, e.g. `match.all[0]: event "Signed Up" >= 1 within 7 days`."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return f"{path.lstrip('.')}: {_text(leaf)}"


def _text(leaf: Condition) -> str:
    if isinstance(leaf, EventCondition):
        return _event(leaf)
    if isinstance(leaf, TraitCondition):
        return f"trait {'.'.join(leaf.trait)} {_comparison(leaf)}"
    if isinstance(leaf, AudienceCondition):
        return f"audience {leaf.audience}"
    raise TypeError(f"{type(leaf).__name__} is no leaf condition")


def _event(leaf: EventCondition) -> str:
    operator, number = leaf.count
    text = f"event {json.dumps(leaf.event, ensure_ascii=False)} {operator} {number}"
    if leaf.within is not None:
        size, unit = (leaf.within // 24, "day") if leaf.within % 24 == 0 else (leaf.within, "hour")
        text += f" within {size} {unit}{'' if size == 1 else 's'}"
    if leaf.where:
        text += f" where {' and '.join(_property(test) for test in leaf.where)}"
    return text


def _property(test: PropertyTest) -> str:
    return f"{'.'.join(test.property)} {_comparison(test)}"


def _comparison(comparison: Comparison) -> str:
    ((operator, value),) = comparison.comparison().items()
    if operator == "exists":
        return "exists" if value else "does not exist"
    shown = " and ".join(map(_value, value)) if operator == "between" else _value(value)
    return f"{_SIGNS.get(operator, operator.replace('_', ' '))} {shown}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return str(value["timestamp"])
    return json.dumps(value, ensure_ascii=False)
