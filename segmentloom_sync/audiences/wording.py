"""An audience file's content as one text: the same however the file writes it, so that texts can be compared.

Left out are the description, defaults and the user ids of tests: what is kept for good has no personal data.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import yaml
from pydantic import BaseModel

from segmentloom_sync.audiences.definition import AudienceFile
from segmentloom_sync.audiences.windows import Window, span_text

_TIME = "tag:yaml.org,2002:timestamp"
_LEFT_OUT = {"description", "includes", "excludes"}
_PATHS = {"property", "trait"}
_COUNTS = {"count", "distinct_days"}
_SPANS = {"steps_within"}


def definition_text(file: AudienceFile) -> str:
    """The file in its own words, as YAML without a line end."""
    content = {"cadence": file.cadence, **_keys(file)}
    return yaml.dump(
        content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=None
    ).rstrip("\n")


class _Dumper(yaml.SafeDumper):
    """Never writes an alias, and a time never in braces, where YAML would want quotes around it."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        node.flow_style = node.flow_style and not any(_is_time(value) for _, value in node.value)
        return node

    def represent_sequence(
        self, tag: str, sequence: Any, flow_style: bool | None = None
    ) -> yaml.SequenceNode:
        node = super().represent_sequence(tag, sequence, flow_style)
        node.flow_style = node.flow_style and not any(map(_is_time, node.value))
        return node


def _is_time(node: yaml.Node) -> bool:
    return node.tag == _TIME and ":" in node.value


def _represent_time(dumper: _Dumper, time: datetime) -> yaml.ScalarNode:
    """A midnight as its day, as most people write it."""
    text = time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return dumper.represent_scalar(_TIME, text.removesuffix("T00:00:00Z"))


_Dumper.add_representer(datetime, _represent_time)


def _keys(model: BaseModel) -> dict[str, Any]:
    found = {}
    for name, field in type(model).model_fields.items():
        key, value = field.alias or name, getattr(model, name)
        is_default = not field.is_required() and value == field.get_default(call_default_factory=True)
        if key in _LEFT_OUT or is_default:
            continue
        worded = _worded(key, value)
        if worded != {}:
            found[key] = worded
    return dict(sorted(found.items(), key=lambda item: item[0] not in _PATHS))


def _worded(key: str, value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _keys(value)
    if isinstance(value, list):
        return [_worded("", member) for member in value]
    if isinstance(value, Window):
        return str(value)
    if key in _SPANS:
        return span_text(value)
    if key in _COUNTS:
        return " ".join(map(str, value))
    if key in _PATHS:
        return list(value) if any("." in part for part in value) else ".".join(value)
    return list(value) if isinstance(value, tuple) else value
