"""Wrong entries of a DuckDB target are refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.errors import ConfigError, WarehouseError
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Statement
from segmentloom_sync.warehouse.connect import connect
from segmentloom_sync.warehouse.duckdb_settings import read_settings, with_little_memory
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


@pytest.mark.parametrize(
    ("given", "limit", "threads"),
    [
        ({}, "114.4 MiB", 1),
        ({"config_options": {"memory_limit": "1GB"}}, "953.6 MiB", 1),
        ({"config_options": {"max_memory": "1GB", "worker_threads": 2}}, "953.6 MiB", 2),
        ({"settings": {"threads": 2}}, "114.4 MiB", 2),
    ],
)
def test_little_memory_is_set_where_the_target_does_not_set_it(
    tmp_path: Path, given: dict[str, Any], limit: str, threads: int
) -> None:
    output = {"type": "duckdb", "path": "w.duckdb", "schema": "s", **given}
    project = Project.find(Workspace.create(tmp_path / "project", output=output).path)
    warehouse = connect(project, little_memory=True)
    try:
        asked = "select current_setting('memory_limit'), current_setting('threads')"
        assert warehouse.rows(asked) == [(limit, threads)]
    finally:
        warehouse.close()


@pytest.mark.parametrize("limit", [None, "200MB"])
def test_what_does_not_fit_takes_more_unless_the_target_sets_the_limit(
    tmp_path: Path, limit: str | None
) -> None:
    config = {"memory_limit": limit} if limit else {}
    output = {"type": "duckdb", "path": "w.duckdb", "schema": "s", "config_options": config}
    project = Project.find(Workspace.create(tmp_path / "project", output=output).path)
    warehouse = connect(project, little_memory=True)
    # One value is never written elsewhere.
    large = Statement("select length(string_agg(repeat('x', 100), '')) as size from range(4000000)")
    try:
        if limit:
            with pytest.raises(WarehouseError, match="Out of Memory"):
                warehouse.scratch_table_as("large", "sync", large)
            return
        relation = warehouse.scratch_table_as("large", "sync", large)
        assert warehouse.rows(f"select size from {relation}") == [(400_000_000,)]
    finally:
        warehouse.close()


def test_what_an_encrypted_database_spills_is_encrypted(tmp_path: Path) -> None:
    attached = {"path": "w.duckdb", "alias": "w", "options": {"encryption_key": "k"}}
    output = {"type": "duckdb", "path": ":memory:", "database": "w", "schema": "s", "attach": [attached]}
    read = read_settings(Project.find(Workspace.create(tmp_path / "project", output=output).path))
    assert with_little_memory(read).config["temp_file_encryption"] is True
