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
    ({"kind": "segmant"}, "kind is 'segmant'; use 'custom'"),
    ({"kind": None}, "kind is missing; use 'custom'"),
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
