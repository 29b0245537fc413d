"""`encryption: required` never works on a plain file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.encryption import check_encryption

PLAIN = {"type": "duckdb", "path": "w.duckdb", "schema": "s"}
ENCRYPTED = {
    "type": "duckdb",
    "path": ":memory:",
    "schema": "s",
    "database": "safe",
    "attach": [{"path": "w.duckdb", "alias": "safe", "options": {"encryption_key": "k"}}],
}


def project(folder: Path, output: dict[str, Any]) -> Project:
    return Project(folder, "shop", {}, folder, "shop", "dev", "duckdb", output)


def test_a_plain_file_is_refused_when_encryption_is_required(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not encrypted"):
        check_encryption(project(tmp_path, PLAIN), "required")


@pytest.mark.parametrize(
    ("output", "setting"), [(PLAIN, "off"), (PLAIN, "preferred"), (ENCRYPTED, "required")]
)
def test_anything_else_passes(tmp_path: Path, output: dict[str, Any], setting: str) -> None:
    check_encryption(project(tmp_path, output), setting)
