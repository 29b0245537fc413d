"""The JSON Schema of segmentloom.yml, for editors."""

from __future__ import annotations

import json
from typing import Any

from segmentloom_sync.destinations.registry import destination_type, destination_types
from segmentloom_sync.settings import ENCRYPTION

FROM_ENVIRONMENT = {"type": "string", "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$"}
"""A value that comes from a variable, allowed wherever a checked one is."""


def settings_schema() -> dict[str, Any]:
    """One object whose destinations are told apart by `type`."""
    definitions: dict[str, Any] = {}
    variants = []
    for name in sorted(destination_types()):
        schema = destination_type(name).Settings.model_json_schema(ref_template=f"#/$defs/{name}_{{model}}")
        for model, definition in schema.pop("$defs", {}).items():
            definitions[f"{name}_{model}"] = _open_to_variables(definition)
        definitions[name] = _open_to_variables(schema)
        variants.append(
            {
                "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                "then": {"$ref": f"#/$defs/{name}"},
            }
        )
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "segmentloom.yml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "destinations": {
                "description": "The ad platforms that audiences are sent to, by a name of your choice.",
                "type": "object",
                "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"},
                "additionalProperties": {
                    "type": "object",
                    "required": ["type"],
                    "properties": {"type": {"enum": sorted(destination_types())}},
                    "allOf": variants,
                },
            },
            "encryption": {
                "description": "Whether local files must be encrypted.",
                "enum": list(ENCRYPTION),
                "default": "off",
            },
        },
        "$defs": definitions,
    }


def schema_text() -> str:
    """The file's text."""
    return json.dumps(settings_schema(), indent=2, sort_keys=True) + "\n"


def _open_to_variables(schema: dict[str, Any]) -> dict[str, Any]:
    properties = {
        key: _value(value) if key != "type" else value for key, value in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties}


def _value(schema: dict[str, Any]) -> dict[str, Any]:
    """A value's schema, or a variable; what documents the value stays in front."""
    about = {key: schema[key] for key in ("title", "description", "default") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in about}
    if rest == {"type": "string"} or rest.get("format") == "password":
        return schema
    return {**about, "anyOf": [rest, FROM_ENVIRONMENT]}
