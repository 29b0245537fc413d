"""Turns what pydantic finds in a destination's block into problems of the file, without any value of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from segmentloom_sync.audiences.problems import Problem, suggestion

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from segmentloom_sync.audiences.reader import Document

_MESSAGES = {
    "string_type": "must be text; put quotes around it",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "string_pattern_mismatch": "must look like {pattern}",
    "time_delta_parsing": "must be a duration such as 30m or 2h",
    "model_type": "must be a mapping of keys",
    "model_attributes_type": "must be a mapping of keys",
}

Steps = tuple[str | int, ...]


def settings_problems(
    error: ValidationError, model: type[BaseModel], document: Document, steps: Steps, path: str
) -> list[Problem]:
    """One problem for each thing that is wrong with a block.

    Args:
        model: the block's model.
        steps: where the block is in the document.
    """
    return [
        _problem(details, model, document, steps, path)
        for details in error.errors(include_url=False, include_input=False)
    ]


def _problem(
    details: ErrorDetails, model: type[BaseModel], document: Document, steps: Steps, path: str
) -> Problem:
    location = details["loc"]
    where = (*steps, *location)
    kind = details["type"]
    if kind == "extra_forbidden":
        known = _model_at(model, location[:-1]).model_fields
        hint = suggestion(str(location[-1]), known, kind="known keys")
        return Problem(path, document.position(where, of_key=True), f"unknown key '{location[-1]}'; {hint}")
    if kind == "missing":
        place = document.position(where[:-1], of_key=True)
        return Problem(path, place, f"the key '{location[-1]}' is missing")
    template = _MESSAGES.get(kind)
    text = template.format(**details.get("ctx", {})) if template else details["msg"]
    text = text.removeprefix("Value error, ")
    subject = f"{location[-1]} " if location else ""
    return Problem(path, document.position(where), subject + text)


def _model_at(model: type[BaseModel], location: Steps) -> type[BaseModel]:
    for step in location:
        annotation: Any = model.model_fields[str(step)].annotation
        for candidate in (annotation, *get_args(annotation)):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return model
