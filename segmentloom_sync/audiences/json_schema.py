"""The JSON Schema of audience files, for editors: schemas/audience.schema.json is made from the models.

python -m segmentloom_sync.audiences.json_schema schemas/audience.schema.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from segmentloom_sync.audiences.comparison import OPERATORS
from segmentloom_sync.audiences.conditions import WAYS_TO_COUNT
from segmentloom_sync.audiences.definition import AudienceFile

NULL = {"type": "null"}


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
        name: {"not": {"anyOf": [{"required": [other]} for other in WAYS_TO_COUNT if other != name]}}
        for name in WAYS_TO_COUNT
    }
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
    return {
        key: _tidy(value, holds_names=key in {"properties", "$defs"} and not holds_names)
        for key, value in node.items()
        if holds_names or not (key == "title" or (key == "default" and value in (None, [], {})))
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
