"""Conditions in words, for previews."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from segmentloom_sync.audiences.comparison import Compared, PropertyTest
from segmentloom_sync.audiences.conditions import (
    AudienceCondition,
    EventCondition,
    Leaf,
    SequenceCondition,
    Steps,
    TraitCondition,
)
from segmentloom_sync.audiences.windows import span_text

_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def condition_text(steps: Steps, leaf: Leaf) -> str:
    """A leaf condition with its path, e.g. `match.all[0]: event "Signed Up" >= 1 within 7 days`."""
    return f"{path_text(steps)}: {_text(leaf)}"


def path_text(steps: Steps) -> str:
    """Where something stands in the file, e.g. match.all[0]."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def _text(leaf: Leaf) -> str:
    if isinstance(leaf, EventCondition):
        return _event(leaf)
    if isinstance(leaf, SequenceCondition):
        return _sequence(leaf)
    if isinstance(leaf, TraitCondition):
        return f"trait {'.'.join(leaf.trait)} {_comparison(leaf)}"
    if isinstance(leaf, AudienceCondition):
        return f"audience {leaf.audience}"
    raise TypeError(f"{type(leaf).__name__} is no leaf condition")


def _event(leaf: EventCondition) -> str:
    text = _name_and_filter(leaf.event, [])
    if leaf.distinct_days is not None:
        text += f" on {' '.join(map(str, leaf.distinct_days))} distinct days"
    elif leaf.aggregate:
        function, test = leaf.aggregate
        text += f" {function} of {'.'.join(test.property)} {_comparison(test)}"
    elif leaf.occurrence:
        text = f"{leaf.occurrence} {text}"
    else:
        text += f" {' '.join(map(str, leaf.count))}"
    if leaf.within is not None:
        text += f" within {leaf.within}"
    return text + _filter(leaf.where)


def _sequence(leaf: SequenceCondition) -> str:
    text = " then ".join(_name_and_filter(step.event, step.where) for step in leaf.sequence)
    if leaf.within is not None:
        text += f" within {leaf.within}"
    if leaf.steps_within is not None:
        text += f", steps within {span_text(leaf.steps_within)}"
    return text


def _name_and_filter(event: str, where: Sequence[PropertyTest]) -> str:
    return f"event {json.dumps(event, ensure_ascii=False)}{_filter(where)}"


def _filter(where: Sequence[PropertyTest]) -> str:
    return f" where {' and '.join(map(_property, where))}" if where else ""


def _property(test: PropertyTest) -> str:
    return f"{'.'.join(test.property)} {_comparison(test)}"


def _comparison(comparison: Compared) -> str:
    ((operator, value),) = comparison.comparison().items()
    if operator == "exists":
        return "exists" if value else "does not exist"
    shown = " and ".join(map(_value, value)) if operator == "between" else _value(value)
    return f"{_SIGNS.get(operator, operator.replace('_', ' '))} {shown}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return str(value["timestamp"])
    return json.dumps(value, ensure_ascii=False)
