"""The dbt properties of compiled audiences: descriptions, tags, contracts, tests, exposures of the syncs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import yaml

from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.audiences.wording import definition_text

PROPERTIES_FILE = "_audiences.yml"
TIMESTAMP = "{{ 'timestamp_ntz' if target.type == 'snowflake' else 'timestamp' }}"
"""The type of times in contracts: plain `timestamp` may be another type on a Snowflake account."""

Entry = tuple[dict[str, Any], list[dict[str, Any]]]
"""What the file says of one audience: its model, and its exposures."""


def entries_of(audiences: Iterable[Audience], project_name: str) -> dict[str, Entry]:
    """What the file says of each audience, by name."""
    return {audience.name: (_model(audience), _exposures(audience, project_name)) for audience in audiences}


def entries_in(text: str, names: Collection[str]) -> dict[str, Entry]:
    """What a file that was written earlier says of some audiences, by name."""
    document = yaml.safe_load(text)
    models = {model["name"]: model for model in document["models"]}
    return {
        name: (
            models[f"audience_{name}"],
            [
                exposure
                for exposure in document.get("exposures", [])
                if exposure["depends_on"] == [f"ref('audience_{name}')"]
            ],
        )
        for name in names
        if f"audience_{name}" in models
    }


def properties_text(entries: Mapping[str, Entry], *, mark: str) -> str:
    """The text of the properties file, the same for the same entries."""
    document: dict[str, Any] = {"models": [entries[name][0] for name in sorted(entries)]}
    exposures = [exposure for name in sorted(entries) for exposure in entries[name][1]]
    if exposures:
        document["exposures"] = exposures
    body = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return f"# {mark} from audiences/*.yml; edit those files instead.\n{body}"


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, shows text of several lines as lines, and never writes an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _model(audience: Audience) -> dict[str, Any]:
    """Its model. That a profile is there once is tested of the conditions, which all audiences read."""
    model: dict[str, Any] = {
        "name": f"audience_{audience.name}",
        "description": audience.description,
        "config": {
            "tags": ["audience", audience.cadence],
            "contract": {"enforced": True},
            "meta": {
                "segmentloom_audience": audience.name,
                **({"segmentloom_priority_group": group} if (group := audience.priority_group) else {}),
                "segmentloom_source": audience.path,
                "segmentloom_definition": definition_text(audience.file),
            },
        },
        "columns": [
            {
                "name": "profile_id",
                "description": "A profile that is a member.",
                "data_type": "string",
            },
            {
                "name": "evaluated_at",
                "description": "The time of the evaluation, at which all windows end, UTC.",
                "data_type": TIMESTAMP,
            },
        ],
    }
    tests = _tests(audience)
    if tests:
        model["data_tests"] = tests
    return model


def _tests(audience: Audience) -> list[dict[str, Any]]:
    """The dbt tests, named after the keys of the file."""
    wanted = audience.file.tests
    checks: dict[str, tuple[str, dict[str, Any]]] = {}
    if wanted.min_members is not None:
        checks["min_members"] = ("has_members", {"at_least": wanted.min_members})
    if wanted.max_members is not None:
        checks["max_members"] = ("has_members", {"at_most": wanted.max_members})
    if wanted.max_change_percent is not None:
        limit = {"audience": audience.name, "percent": wanted.max_change_percent}
        checks["max_change_percent"] = ("changes_at_most", limit)
    # dbt reads texts in arguments as Python: without its prefix a user id "5" would come out as a number.
    if wanted.includes:
        checks["includes"] = ("includes_users", {"users": [f"user_id:{user}" for user in wanted.includes]})
    if wanted.excludes:
        checks["excludes"] = ("excludes_users", {"users": [f"user_id:{user}" for user in wanted.excludes]})
    if wanted.disjoint_from:
        checks["disjoint_from"] = ("disjoint_from", {"audiences": list(wanted.disjoint_from)})
    # Without a name dbt makes one out of the arguments, and user ids would reach file names and logs.
    return [
        {f"segmentloom.{test}": {"name": f"audience_{audience.name}_{key}", "arguments": arguments}}
        for key, (test, arguments) in checks.items()
    ]


def _exposures(audience: Audience, project_name: str) -> list[dict[str, Any]]:
    lists: dict[str, list[str]] = {}
    for spec in audience.sync:
        lists.setdefault(spec.destination, []).append(spec.list_name)
    return [
        {
            "name": f"{destination}__{audience.name}",
            "label": f"{', '.join(names)} ({destination})",
            "type": "application",
            "description": f"Keeps the list in step with the audience {audience.name}.",
            "owner": {"name": project_name},
            "depends_on": [f"ref('audience_{audience.name}')"],
            "config": {
                "enabled": f"{{{{ project_name == '{project_name}' }}}}",
                "tags": ["audience_sync"],
                "meta": {"destination": destination, "cadence": audience.cadence},
            },
        }
        for destination, names in sorted(lists.items())
    ]
