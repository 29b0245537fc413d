"""Every mistake in `segmentloom_sources` is answered with the source, the key and the fix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync import macros
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect
from tests.workspace import Workspace

RIGHT: dict[str, Any] = {
    "name": "shop",
    "kind": "custom",
    "relation": "shop.orders",
    "columns": {"user_id": "customer", "occurred_at": "placed"},
    "constants": {"event": "Order Completed"},
}
WRONG = [
    (
        "shop",
        "segmentloom_sources: every source needs a 'name'; add one, it becomes the source_id of the events",
    ),
    (
        {"kind": "custom"},
        "segmentloom_sources: every source needs a 'name'; add one, it becomes the source_id of the events",
    ),
    (
        {"kind": "segmant"},
        "kind is 'segmant'; use one of custom, segment, rudderstack, snowplow, ga4, amplitude,",
    ),
    ({"kind": None}, "kind is missing; use one of custom, segment, "),
    ({"colums": {}}, "colums is not known; a custom source has name, kind, relation, columns, constants"),
    ({"columns": ["user_id"]}, "columns is no mapping; write `columns: {user_id: ...}`"),
    (
        {"columns": {"userid": "a", "occurred_at": "b"}},
        "columns.userid is not known; use one of event_id, type,",
    ),
    (
        {"columns": {"user_id": {"a": "b"}, "occurred_at": "b"}},
        "columns.user_id is a mapping; only properties,",
    ),
    (
        {"columns": {"user_id": None, "occurred_at": "b"}},
        "columns.user_id is empty; name a column, or leave it out",
    ),
    (
        {"constants": {"event": "x", "traits": "a"}},
        "constants.traits is no mapping; write `traits: {name: value}`",
    ),
    ({"constants": {"event": "x", "user_id": "a"}}, "constants.user_id is set in columns too; keep one"),
    (
        {"constants": {"event": "x", "type": "trak"}},
        "constants.type is 'trak'; use one of track, identify, page, screen,",
    ),
    (
        {"columns": {"user_id": "a"}},
        "columns.occurred_at is missing; map the column that says when it happened",
    ),
    ({"columns": {"occurred_at": "a"}}, "columns has no identifier; map user_id, anonymous_id or email"),
    ({"constants": {}}, "constants.event is missing; name the event, or map event or type"),
    ({"constants": {"type": "track"}}, "constants.event is missing; a track needs the name of its event"),
]
WRONG_KINDS: list[tuple[dict[str, Any], str]] = [
    (
        {"kind": "segment"},
        "schema is missing; a segment source has name, kind, schema, event_tables, loaded_at",
    ),
    (
        {"kind": "segment", "schema": "a.b.c"},
        'schema is missing or unclear; write "schema" or "database.schema"',
    ),
    (
        {"kind": "rudderstack", "schema": "a", "event_tables": "b"},
        "event_tables is no list; write `event_tables: [order_completed]`",
    ),
    (
        {"kind": "ga4", "schema": "a", "relation": "b"},
        "relation is not known; a ga4 source has name, kind, schema,",
    ),
    ({"kind": "ga4", "schema": "a", "start_date": "2026"}, "start_date is '2026'; write a date as 20260131"),
    (
        {"kind": "snowplow"},
        "relation is missing; a snowplow source has name, kind, relation, anonymous_id, traits,",
    ),
    (
        {"kind": "amplitude", "relation": "a.b", "loaded_at": 1},
        "loaded_at is no text; name the column that says",
    ),
    (
        {"kind": "mixpanel", "relation": "a.b", "id_merge": "new"},
        "id_merge is 'new'; use simplified or original,",
    ),
    (
        {"kind": "posthog", "relation": "a.b", "columns": {}},
        "columns is not known; a posthog source has name, kind,",
    ),
]
RULES: list[tuple[Any, str]] = [
    ({"user_agent": "bots"}, "every rule needs a 'name'; add one, rejected events say it"),
    ({"name": "all"}, "rule 'all': name stands alone, which would exclude everything; add a condition"),
    ({"name": "a", "user_id": []}, "rule 'a': user_id is empty; give it a value, or leave it out"),
    (
        {"name": "a", "useragent": "x"},
        "rule 'a': useragent is not known or no text; a rule has name, sources, user_id,",
    ),
    ({"name": "a", "ip": 7}, "rule 'a': ip is neither text nor a list; write `ip: [...]`"),
    ({"name": "a", "email_domain": "@b"}, "rule 'a': email_domain has an entry that is no domain; write"),
    (
        {"name": "a", "where": [{"is": 1}]},
        "rule 'a': where has an entry without property, context or trait; write",
    ),
]


@pytest.fixture
def renderer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MacroRenderer]:
    """Renders the macros of sources, too."""
    monkeypatch.setattr(macros, "FOLDERS", (*macros.FOLDERS, "sources"))
    project = Project.find(Workspace.create(tmp_path / "project").path, tmp_path / "project")
    with closing(connect(project)) as warehouse:
        yield MacroRenderer(project, warehouse)


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_a_wrong_source_is_named_with_its_key_and_the_fix(
    change: dict[str, Any] | str, message: str, renderer: MacroRenderer
) -> None:
    source = {**RIGHT, **change} if isinstance(change, dict) and change != {"kind": "custom"} else change
    expected = (
        message
        if message.startswith("segmentloom_sources")
        else f"segmentloom_sources: source 'shop': {message}"
    )
    with pytest.raises(ConfigError) as problem:
        renderer.render("source_events", source)
    assert str(problem.value).startswith(expected)


@pytest.mark.parametrize("relation", [None, "orders", "a.b.c.d", {"schema": "shop"}, ["shop", "orders"], ""])
def test_an_unclear_relation_is_an_error(relation: Any, renderer: MacroRenderer) -> None:
    with pytest.raises(
        ConfigError, match=r"source 'shop': relation is missing or unclear; write \"schema.table\""
    ):
        renderer.render("source_relation", {**RIGHT, "relation": relation})


@pytest.mark.parametrize(("source", "message"), WRONG_KINDS)
def test_what_a_kind_does_not_know_or_lacks_is_named(
    source: dict[str, Any], message: str, renderer: MacroRenderer
) -> None:
    with pytest.raises(ConfigError) as problem:
        renderer.render("source_events", {"name": "web", **source})
    assert str(problem.value).startswith(f"segmentloom_sources: source 'web': {message}")


@pytest.mark.parametrize(("rule", "message"), RULES)
def test_a_wrong_rule_of_exclusion_is_named(rule: Any, message: str, renderer: MacroRenderer) -> None:
    with pytest.raises(ConfigError) as problem:
        renderer.render("exclusion_rule", rule)
    assert str(problem.value).startswith(f"segmentloom_exclude_events: {message}")
