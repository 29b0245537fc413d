"""dbt builds an AES-256 encrypted DuckDB file, twice, and nobody can be read in it or beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect
from tests.engines.scenario.play import FOLDER
from tests.workspace import Workspace

KEY_VARIABLE = "DBT_ENV_SECRET_SEGMENTLOOM_KEY"
KEY = "a key that only this test knows"


def encrypted_output() -> dict[str, Any]:
    """An encrypted DuckDB target: a file that is attached with its key."""
    return {
        "type": "duckdb",
        "path": ":memory:",
        "database": "warehouse",
        "schema": "segmentloom",
        "threads": 2,
        "config_options": {"extension_directory": "extensions", "temp_file_encryption": True},
        "extensions": ["httpfs"],
        "attach": [
            {
                "path": "warehouse.duckdb",
                "alias": "warehouse",
                "options": {
                    "encryption_key": f"{{{{ env_var('{KEY_VARIABLE}') }}}}",
                    "encryption_cipher": "GCM",
                },
            }
        ],
    }


def files_with(text: str, folder: Path) -> list[str]:
    """The files below a folder that hold the text."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path.name for path in files if text.encode() in path.read_bytes()]


@pytest.mark.slow
def test_two_builds_leave_no_plain_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    workspace = Workspace.create(tmp_path / "project", output=encrypted_output())
    monkeypatch.chdir(workspace.path)

    for file in ("first.jsonl", "second.jsonl"):
        workspace.cli("load", str(FOLDER / file), check=False)
        workspace.dbt("build", "--exclude-resource-type", "unit_test")

    warehouse = connect(Project.find(workspace.path, workspace.path))
    try:
        people = warehouse.rows(f"select email from {warehouse.relation('profiles')} where user_id = 'u-bob'")
    finally:
        warehouse.close()
    assert people == [("bob@example.com",)]
    assert files_with("bob@example.com", workspace.path) == []
    assert files_with(KEY, workspace.path) == []
