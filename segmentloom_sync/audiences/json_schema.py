"""The JSON Schema of audience files, for editors: schemas/audience.schema.json is made from the models.

python -m segmentloom_sync.audiences.json_schema schemas/audience.schema.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from segmentloom_sync.audiences.definition import OPERATORS, AudienceFile

ONE_OPERATOR = [{"required": [operator]} for operator in OPERATORS]


def schema_text() -> str:
    """The schema as committed, byte for byte."""
    return json.dumps(audience_schema(), indent=2, ensure_ascii=False) + "\n"


def audience_schema() -> dict[str, Any]:
    """The schema: pydantic's, without its noise, and with what its validators check in code."""
    made: dict[str, Any] = _tidy(AudienceFile.model_json_schema(by_alias=True))
    for definition in made["$defs"].values():
        if "starts_with" in definition.get("properties", {}):
            definition["oneOf"] = ONE_OPERATOR
    made["$defs"]["EventCondition"]["properties"]["count"]["default"] = ">= 1"
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
    return {
        key: _tidy(value, holds_names=key in {"properties", "$defs"} and not holds_names)
        for key, value in node.items()
        if holds_names or not (key == "title" or (key == "default" and value in (None, [], {})))
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
