"""The committed JSON Schema is the one the models give, and it takes what they take."""

from __future__ import annotations

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from segmentloom_sync.audiences.json_schema import KEYS, TITLES, audience_schema, schema_text
from segmentloom_sync.audiences.library import parse
from tests.workspace import REPOSITORY

RIGHT = [
    "match: {event: x, count: '>= 2', within: 7 calendar days, where: [{property: a, is: b}]}",
    "match: {event: x, sum: {property: [a, b.c], between: [1, 2.5]}, within: 12 hours}",
    "match: {event: x, occurrence: last}\nexclude: {not: {audience: b}}\ntime_zone: Europe/Berlin",
    "match: {sequence: [{event: x}, {event: y}], steps_within: 3 days}\nholdout: {percent: 0.5}",
    "match: {event: x, distinct_days: '> 1'}\npriority: {group: a, rank: 1}",
]
WRONG = [
    "match: {event: x, count: '>= 2', sum: {property: a, gt: 1}}",
    "match: {event: x, distinct_days: '>= 2', occurrence: first}",
    "match: {event: x, sum: {property: a}}",
    "match: {event: x, sum: {gt: 1}}",
    "match: {event: x, avg: {property: a, gt: 1, lt: 2}}",
    "match: {event: x, max: {property: a, contains: b}}",
    "match: {event: x, sum: null}",
    "match: {event: x, occurrence: second}",
    "match: {event: x, within: 7 weeks}",
    "match: {sequence: [{event: x}]}",
    "match: {sequence: [{event: x}, {event: y, within: 1 day}]}",
    "match: {sequence: [{event: x}, {event: y}], steps_within: 1 calendar day}",
    "match: {event: x}\nexclude: null",
    "match: {event: x}\nholdout: {percent: 100}",
    "match: {event: x}\npriority: {group: a, rank: 0}",
    "match: {event: x}\ntime_zone: '+02:00'",
]


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


def test_an_editor_says_what_is_wrong_in_words() -> None:
    """`errorMessage` is what yaml-language-server, which editors run, shows instead of its own message."""
    schema = audience_schema()
    assert (
        schema["properties"]["match"]["errorMessage"]
        == schema["properties"]["exclude"]["errorMessage"]
        == KEYS
    )
    for definition in schema["$defs"].values():
        for described in definition["properties"].values():
            assert ("pattern" in described) <= ("errorMessage" in described)
    beside = schema["$defs"]["EventCondition"]["dependencies"]["count"]
    assert beside["properties"]["sum"] is False
    assert "count, distinct_days, sum" in beside["errorMessage"]


@pytest.mark.parametrize("text", RIGHT)
def test_the_schema_takes_what_the_code_takes(text: str) -> None:
    audience, problems = parse(text.encode(), name="a", label="a")
    assert audience is not None, problems
    jsonschema.validate(yaml.safe_load(text), audience_schema())


@pytest.mark.parametrize("text", WRONG)
def test_the_schema_refuses_what_the_code_refuses(text: str) -> None:
    assert parse(text.encode(), name="a", label="a")[0] is None
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), audience_schema())


def test_the_schema_is_plain_json_without_noise() -> None:
    text = schema_text()
    assert text.count('"title"') == 1 + len(TITLES)
    assert "null" not in text.replace("null is none", "")
