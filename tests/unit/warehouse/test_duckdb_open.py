"""A DuckDB file is there whole or not at all, whenever the process that makes it is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect
from tests.workspace import Workspace

KILLED_WHILE_IT_WRITES = """
import os, sys
from pathlib import Path
import duckdb
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect

make = duckdb.connect

def make_half(path, **options):
    make(path, **options).close()
    os.truncate(path, 4096)
    os._exit(9)

duckdb.connect = make_half
connect(Project.find(Path(sys.argv[1])))
"""


def test_a_file_that_was_never_finished_is_made_again(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "project")

    killed = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_IT_WRITES, str(workspace.path)], check=False, timeout=60
    )

    assert killed.returncode == 9
    assert not (workspace.path / "warehouse.duckdb").exists()
    connect(Project.find(workspace.path), wait_seconds=0).close()
    assert (workspace.path / "warehouse.duckdb").exists()
    assert not (workspace.path / "warehouse.duckdb.new").exists()


ASKS = """
import sys
from contextlib import closing
from pathlib import Path
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect

with closing(connect(Project.find(Path(sys.argv[1])))) as warehouse:
    print(warehouse.rows("select current_setting('enable_progress_bar')"))
"""


def test_no_bar_gets_into_what_a_command_answers(tmp_path: Path) -> None:
    """DuckDB draws one on stdout where it takes Python for a person's, as with `python -c`."""
    workspace = Workspace.create(tmp_path / "project")

    asked = subprocess.run(
        [sys.executable, "-c", ASKS, str(workspace.path)],
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )

    assert asked.stdout == "[(False,)]\n"
