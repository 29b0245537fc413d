"""The JSON Schema of audience files, for editors: schemas/audience.schema.json is made from the models.

python -m segmentloom_sync.audiences.json_schema schemas/audience.schema.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from segmentloom_sync.audiences.comparison import OPERATORS
from segmentloom_sync.audiences.conditions import KINDS, WAYS_TO_COUNT
from segmentloom_sync.audiences.definition import AudienceFile

NULL = {"type": "null"}
TITLES = {
    "EventCondition": "event condition",
    "SequenceCondition": "sequence condition",
    "TraitCondition": "trait condition",
    "AudienceCondition": "audience condition",
    "AllOf": "group: all",
    "AnyOf": "group: any",
    "Not": "group: not",
    "SequenceStep": "step: event",
    "PropertyTest": "property test",
    "SyncSpec": "destination and list",
}
"""What editors call them: in the list of what may be typed, and where something else stands."""
KEYS = f"a condition has one of the keys {', '.join(KINDS)}"
WRONG_TEXTS = {
    r"^\s*(>=|<=|!=|>|<|=)\s*[0-9]{1,9}\s*$": 'one of >= > <= < = != and a whole number, e.g. ">= 2"',
    r"^\s*[1-9][0-9]*\s+(hour|day|calendar\s+day)s?\s*$": "a number of hours, days or calendar days: 7 days",
    r"^\s*[1-9][0-9]*\s+(hour|day)s?\s*$": "a number of hours or days: 3 days",
    r"^[a-z][a-z0-9_]*$": "a name of lower-case letters, digits and _, a letter first",
    r"^[A-Za-z][A-Za-z0-9_+/-]*$": "a name such as Europe/Berlin",
    r"^user_id:.+$": 'a user id, e.g. "user_id:u_123"',
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}": "a number, or an unquoted date such as 2026-07-01",
}
"""What editors say of a value that lacks its form, by pattern; they would show the pattern."""


def schema_text() -> str:
    """The schema as committed, byte for byte."""
    return json.dumps(audience_schema(), indent=2, ensure_ascii=False) + "\n"


def audience_schema() -> dict[str, Any]:
    """The schema: pydantic's, without its noise, and with what its validators check in code."""
    made: dict[str, Any] = _tidy(AudienceFile.model_json_schema(by_alias=True))
    for definition in made["$defs"].values():
        operators = [name for name in OPERATORS if name in definition["properties"]]
        if operators:
            definition["oneOf"] = [{"required": [name]} for name in operators]
    event = made["$defs"]["EventCondition"]
    event["properties"]["count"]["default"] = ">= 1"
    event["dependencies"] = {
        name: {
            "properties": {other: False for other in WAYS_TO_COUNT if other != name},
            "errorMessage": f"a condition has one of {', '.join(WAYS_TO_COUNT)}; put both into all: or any:",
        }
        for name in WAYS_TO_COUNT
    }
    for name, title in TITLES.items():
        made["$defs"][name] = {"title": title, **made["$defs"][name]}
    for condition in (made["properties"]["match"], made["properties"]["exclude"]):
        condition |= {"type": "object", "errorMessage": KEYS}
    made["$defs"]["Not"]["properties"]["not"] |= {"type": "object", "errorMessage": KEYS}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Segmentloom audience",
        **{key: value for key, value in made.items() if key != "$defs"},
        "$defs": made["$defs"],
    }


def _tidy(node: Any, *, holds_names: bool = False) -> Any:
    """Without the titles that repeat the keys, and without the nulls that stand for a key left out."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    if NULL in node.get("anyOf", []):
        (given,) = [choice for choice in node["anyOf"] if choice != NULL]
        node = {**{key: value for key, value in node.items() if key != "anyOf"}, **given}
    if isinstance(node.get("pattern"), str):
        node = {**node, "errorMessage": f"must be {WRONG_TEXTS[node['pattern']]}"}
    return {
        key: _tidy(value, holds_names=key in {"properties", "$defs"} and not holds_names)
        for key, value in node.items()
        if holds_names or not (key == "title" or (key == "default" and value in (None, [], {})))
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
