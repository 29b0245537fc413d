"""The encrypted form of a DuckDB target: an attached file, its key from the environment."""

from __future__ import annotations

import importlib.util
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.errors import ConfigError, CredentialsError
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect
from segmentloom_sync.warehouse.duckdb_settings import read_settings
from tests.workspace import Workspace

KEY = "DBT_ENV_SECRET_SEGMENTLOOM_KEY"


def encrypted_output() -> dict[str, Any]:
    return {
        "type": "duckdb",
        "path": ":memory:",
        "database": "shop",
        "schema": "segmentloom",
        "config_options": {"extension_directory": "extensions", "temp_file_encryption": True},
        "extensions": ["httpfs"],
        "attach": [
            {
                "path": "shop.duckdb",
                "alias": "shop",
                "options": {"encryption_key": f"{{{{ env_var('{KEY}') }}}}", "encryption_cipher": "GCM"},
            }
        ],
    }


needs_openssl = pytest.mark.skipif(
    importlib.util.find_spec("duckdb_extension_httpfs") is None,
    reason="writing an encrypted file needs the extra `encryption`, which this DuckDB has no build of",
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "project", output=encrypted_output())


@needs_openssl
def test_what_is_landed_cannot_be_read_in_the_file(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "correct horse")
    (workspace.path / "events.jsonl").write_text('{"event": "Bought a yacht", "user_id": "ann"}\n' * 3)

    assert workspace.json("load", "events.jsonl")["landed"] == 1

    content = b"".join(path.read_bytes() for path in workspace.path.glob("shop.duckdb*"))
    assert len(content) > 1000
    assert b"yacht" not in content
    warehouse = connect(Project.find(workspace.path), read_only=True)
    assert warehouse.rows(f"select user_id from {warehouse.relation('events', 'raw')}")[0] == ("ann",)
    warehouse.close()


@needs_openssl
def test_dbt_builds_on_what_was_landed(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "correct horse")
    (workspace.path / "events.jsonl").write_text('{"event": "Bought a yacht", "user_id": "ann"}\n')
    workspace.cli("load", "events.jsonl")

    for _ in range(2):
        workspace.dbt("build", "--select", "+segmentloom__events")

    with closing(connect(Project.find(workspace.path))) as warehouse:
        assert warehouse.rows(f"select user_id from {warehouse.relation('events')}") == [("ann",)]
    content = b"".join(path.read_bytes() for path in workspace.path.rglob("*") if path.is_file())
    assert b"correct horse" not in content


@needs_openssl
def test_a_wrong_key_is_refused_without_showing_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "correct horse")
    connect(Project.find(workspace.path)).close()
    monkeypatch.setenv(KEY, "wrong donkey")
    with pytest.raises(CredentialsError) as caught:
        connect(Project.find(workspace.path))
    assert "donkey" not in str(caught.value)


def test_the_key_must_be_there(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)
    with pytest.raises(ConfigError, match=KEY):
        Project.find(workspace.path)


@pytest.mark.parametrize("change", [{"database": None}, {"database": "other"}, {"attach": []}])
def test_data_in_memory_only_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    workspace = Workspace.create(tmp_path / "project", output={**encrypted_output(), **change, "attach": []})
    with pytest.raises(ConfigError, match="in memory"):
        read_settings(Project.find(workspace.path))


def test_an_unknown_extension_is_named(tmp_path: Path) -> None:
    output = {"type": "duckdb", "path": "w.duckdb", "schema": "s", "extensions": ["nosuchthing"]}
    workspace = Workspace.create(tmp_path / "project", output=output)
    with pytest.raises(ConfigError, match="nosuchthing"):
        connect(Project.find(workspace.path))
