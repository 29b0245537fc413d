"""Turns what pydantic found into problems of the file, in the user's words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from segmentloom_sync.audiences.comparison import (
    OPERATORS,
    Compared,
    Extreme,
    PropertyTest,
    Total,
    operators_of,
)
from segmentloom_sync.audiences.conditions import KINDS, MODEL_OF_KIND, SequenceStep
from segmentloom_sync.audiences.definition import (
    AudienceFile,
    Guard,
    Holdout,
    Priority,
    SyncSpec,
    Tests,
)
from segmentloom_sync.audiences.problems import Problem, suggestion

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

    from segmentloom_sync.audiences.reader import Document, Steps

Location = tuple[str | int, ...]
_GROUPS = ("all", "any", "not")
_KEYS_BESIDE = {
    field.alias or name for kind in KINDS for name, field in MODEL_OF_KIND[kind].model_fields.items()
} - set(KINDS)
"""Keys that a condition has beside the one that says its kind."""

_SECTIONS: dict[str, type[BaseModel]] = {
    "sync": SyncSpec,
    "guard": Guard,
    "tests": Tests,
    "holdout": Holdout,
    "priority": Priority,
    "where": PropertyTest,
    "sequence": SequenceStep,
    "sum": Total,
    "avg": Total,
    "min": Extreme,
    "max": Extreme,
}


def problems_of(error: ValidationError, document: Document, path: str) -> list[Problem]:
    """One problem for each thing that pydantic found, at the place where it is in the file."""
    found = list(_with_second_groups(error.errors(include_url=False)))
    mixed = {details["loc"][:-1] for details in found if _is_second_kind(details)}
    return [
        _problem(details, document, path)
        for details in found
        if details["loc"][-1] in KINDS or details["loc"][:-1] not in mixed
    ]


def _with_second_groups(found: Iterable[ErrorDetails], before: Location = ()) -> Iterator[ErrorDetails]:
    """What was found, and what is wrong inside of a group that cannot stand where it does."""
    for details in found:
        details["loc"] = location = (*before, *details["loc"])
        yield details
        if _is_second_kind(details) and location[-1] in _GROUPS:
            kind = str(location[-1])
            above = location[:-1]
            try:
                MODEL_OF_KIND[kind].model_validate({kind: details["input"]})
            except ValidationError as error:
                inside = (*(above[:-1] if above and _is_tag(above[-1]) else above), f"<{kind}>")
                yield from _with_second_groups(error.errors(include_url=False), inside)


def _is_second_kind(details: ErrorDetails) -> bool:
    return details["type"] == "extra_forbidden" and details["loc"][-1] in KINDS


def _problem(details: ErrorDetails, document: Document, path: str) -> Problem:
    steps = tuple(step for step in details["loc"] if not _is_tag(step))
    is_key = details["type"] == "extra_forbidden"
    if is_key:
        message = _unknown_key(steps, details["loc"], _at(document.data, steps[:-1]))
    else:
        message = _message(details, steps)
    return Problem(path, document.position(steps, of_key=is_key), message)


def _is_tag(step: str | int) -> bool:
    return isinstance(step, str) and step[:1] == "<" and step[1:-1] in MODEL_OF_KIND


def _message(details: ErrorDetails, steps: Steps) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    subject = f"{steps[-1]} " if steps and isinstance(steps[-1], str) else ""
    if kind == "missing":
        place = steps[-2] if len(steps) > 1 else None
        is_next = steps[-1] == "property" and isinstance(place, int) and place > 0
        hint = "; if this belongs to the entry above, take away the dash before it" if is_next else ""
        return f"the key '{steps[-1]}' is missing{hint}"
    if kind == "condition":
        return _no_condition(value, steps)
    if kind == "list_type" and isinstance(value, dict):
        return f'{subject}must be a list; put "- " before its entry, or brackets [ ] around it'
    if steps == ("holdout",) and not isinstance(value, dict):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return f"holdout must be a mapping of keys; write {{percent: {value if is_number else 10}}}"
    if kind == "literal_error":
        return f"{subject}must be {context['expected']}".replace("'", "")
    if kind == "string_pattern_mismatch":
        return f"{subject}must be a name of lower-case letters, digits and _, such as {_slug(value)}"
    template = _TYPE_MESSAGES.get(kind, details["msg"])
    return subject + template.format(**context) if kind in _TYPE_MESSAGES else subject + template


_SYNONYMS = {
    **dict.fromkeys(("=", "==", "eq", "equal", "equals"), "is"),
    **dict.fromkeys(("!=", "<>", "ne", "neq", "not_equal", "not_equals"), "is_not"),
    **dict.fromkeys((">", "greater", "greater_than", "more_than"), "gt"),
    **dict.fromkeys(("<", "less", "less_than"), "lt"),
    **dict.fromkeys((">=", "ge", "greater_than_or_equal", "min"), "gte"),
    **dict.fromkeys(("<=", "le", "less_than_or_equal", "max"), "lte"),
    "one_of": "in",
    "window": "within",
    "times": "count",
    "days": "distinct_days",
    "average": "avg",
    "timezone": "time_zone",
    "steps": "sequence",
    "at_least": "count",
    "properties": "where",
    "refresh": "cadence",
    "name": "description",
}
"""What people write who know other tools; close spellings are found without it."""

_TYPE_MESSAGES = {
    "string_type": "must be text; put quotes around it",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "too_short": "must not be an empty list",
    "model_type": "must be a mapping of keys",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
}


def _no_condition(value: Any, steps: Steps) -> str:
    choice = f"a condition has one of the keys {', '.join(KINDS)}"
    if isinstance(value, list):
        return "must be one condition, not a list; write all: (or any:) above the list"
    if not isinstance(value, dict):
        return _lacking_blank(str(value), KINDS) or f"must be a condition; {choice}"
    if "property" in value:
        return f"a property belongs under an event's where; {choice}"
    for key in value:
        if lacking := _lacking_blank(str(key), KINDS):
            return lacking
        hint = suggestion(str(key), KINDS, kind="keys")
        if hint.startswith("did"):
            return f"unknown key '{key}'; {hint}"
        if key in _KEYS_BESIDE:
            is_next = isinstance(steps[-1], int) and steps[-1] > 0
            before = " above: take away the dash before it" if is_next else ""
            return f"'{key}' belongs to a condition{before}; {choice}"
    unknown = f"unknown key '{next(iter(value))}'; " if value else ""
    return unknown + choice


def _lacking_blank(text: str, known: Collection[str]) -> str | None:
    """What is wrong with `event:Page Viewed`, which is text to YAML."""
    key, colon, _ = text.partition(":")
    return f"put a blank after the colon of '{key}:'" if colon and key in known else None


def _unknown_key(steps: Steps, location: Location, beside: Any) -> str:
    key = str(steps[-1])
    model = _model_at(location)
    if model in MODEL_OF_KIND.values() and key in KINDS:
        return f"'{key}' cannot stand beside '{_kind_beside(key, beside)}'; put both into all: or any:"
    if key == "property":
        return "a property belongs under an event's where"
    if model is SequenceStep and key in MODEL_OF_KIND["sequence"].model_fields:
        return f"'{key}' is about all events of a sequence; write it beside sequence:"
    if key in OPERATORS and issubclass(model, Compared):
        return f"'{key}' cannot compare {location[-2]}; use one of: {', '.join(operators_of(model))}"
    operator = _SYNONYMS.get(key, key)
    if operator in OPERATORS and model in (MODEL_OF_KIND["event"], SequenceStep):
        return f"'{key}' compares a property; write where: [{{property: name, {operator}: ...}}]"
    if key.isdecimal() and beside[key] is None and _follows_number(key, beside):
        return f"'{key}' after a comma is a key to YAML; write numbers without a comma, decimals as 1.5"
    known = [field.alias or name for name, field in model.model_fields.items()]
    if lacking := _lacking_blank(key, known):
        return lacking
    if _SYNONYMS.get(key) in known:
        return f"unknown key '{key}'; did you mean '{_SYNONYMS[key]}'?"
    return f"unknown key '{key}'; {suggestion(key, known, kind='known keys')}"


def _model_at(location: tuple[str | int, ...]) -> type[BaseModel]:
    for step in reversed(location[:-1]):
        if _is_tag(step):
            return MODEL_OF_KIND[str(step)[1:-1]]
        if step in _SECTIONS:
            return _SECTIONS[str(step)]
    return AudienceFile


def _kind_beside(key: str, beside: Any) -> str:
    return next((other for other in KINDS if other in beside and other != key), key)


def _follows_number(key: str, beside: dict[str, Any]) -> bool:
    """Whether it is the 5 of `{gt: 1,5}`."""
    before = list(beside)[: list(beside).index(key)]
    return bool(before) and type(beside[before[-1]]) is int


def _at(data: Any, steps: Steps) -> Any:
    for step in steps:
        data = data[step]
    return data


def _slug(value: Any) -> str:
    letters = re.sub("[^a-z0-9]", "_", str(value).lower())
    return letters.strip("_0123456789") or "pricing_page"
