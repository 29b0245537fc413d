"""dbt reads the project on every target without a word about deprecated or misplaced configuration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.workspace import DBT, REPOSITORY


@pytest.mark.parametrize("target", ["duckdb", "bigquery", "snowflake"])
def test_parse_says_nothing_of_deprecations(target: str, tmp_path: Path) -> None:
    folders = ["--project-dir", str(REPOSITORY), "--profiles-dir", str(REPOSITORY / "tests" / "dbt")]
    outputs = ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")]
    options = ["--no-partial-parse", "--show-all-deprecations", "--target", target]

    parsed = subprocess.run(
        [str(DBT), "--no-use-colors", "parse", *options, *folders, *outputs],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
    )

    said = parsed.stdout + parsed.stderr
    assert parsed.returncode == 0, said
    assert "Deprecat" not in said
    assert "WARNING" not in said
