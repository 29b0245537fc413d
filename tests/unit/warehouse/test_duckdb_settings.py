"""Wrong entries of a DuckDB target are refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.duckdb_settings import read_settings
from tests.workspace import Workspace


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("config_options", [1]),
        ("settings", "x"),
        ("extensions", 5),
        ("extensions", "json"),
        ("attach", 5),
        ("attach", {"path": "x.duckdb"}),
        ("database", ["x"]),
        ("alias", ["x"]),
        ("options", [1]),
    ],
)
def test_an_entry_of_the_wrong_type_is_named(tmp_path: Path, key: str, wrong: Any) -> None:
    output: dict[str, Any] = {"type": "duckdb", "path": "w.duckdb", "schema": "s"}
    if key in {"alias", "options"}:
        output["attach"] = [{"path": "x.duckdb", key: wrong}]
    else:
        output[key] = wrong
    workspace = Workspace.create(tmp_path / "project", output=output)
    with pytest.raises(ConfigError, match=f"`{key}` in profiles.yml must be"):
        read_settings(Project.find(workspace.path))
