"""The committed JSON Schema is the one the models give, and it takes what they take."""

from __future__ import annotations

from segmentloom_sync.audiences.json_schema import audience_schema, schema_text
from tests.workspace import REPOSITORY


def test_the_committed_schema_is_up_to_date() -> None:
    committed = (REPOSITORY / "schemas" / "audience.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(), "write it anew: see segmentloom_sync/audiences/json_schema.py"


def test_every_key_is_explained_to_the_person_who_types_it() -> None:
    schema = audience_schema()
    for definition in [schema, *schema["$defs"].values()]:
        assert definition["additionalProperties"] is False
        for name, described in definition["properties"].items():
            assert described["description"], name


def test_an_editor_is_told_of_choices_and_patterns() -> None:
    schema = audience_schema()
    assert schema["properties"]["cadence"]["enum"] == ["hourly", "daily"]
    event = schema["$defs"]["EventCondition"]["properties"]
    assert event["count"]["default"] == ">= 1"
    assert "pattern" in event["within"]
    trait = schema["$defs"]["TraitCondition"]
    assert {"required": ["is"]} in trait["oneOf"]
    assert len(trait["oneOf"]) == 12


def test_the_schema_is_plain_json_without_noise() -> None:
    text = schema_text()
    assert text.count('"title"') == 1
    assert "null" not in text.replace("null is none", "")
