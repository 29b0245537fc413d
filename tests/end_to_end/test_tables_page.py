"""The page on tables: relations and columns that it names are there, and its example prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict

import duckdb
import pytest

from segmentloom_sync.privacy.tables import TABLES as PRIVACY_TABLES
from segmentloom_sync.sync.tables import TABLES
from tests.workspace import REPOSITORY, Workspace

PAGE = (REPOSITORY / "docs" / "tables.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(?P<schema>\w+)\.(?P<name>\w+)` \| .+ \| `(?P<columns>[\w, ]+)` \|$", re.MULTILINE)
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
LISTED = {(row["schema"], row["name"]): row["columns"].split(", ") for row in ROW.finditer(PAGE)}
BLOCKS = {block["language"]: block["text"] for block in BLOCK.finditer(PAGE)}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project with the events of the quickstart, built."""
    quickstart = (REPOSITORY / "docs" / "quickstart.md").read_text(encoding="utf-8")
    [events] = [block["text"] for block in BLOCK.finditer(quickstart) if block["language"] == "json"]
    workspace = Workspace.create(tmp_path_factory.mktemp("tables") / "project")
    (workspace.path / "events.jsonl").write_text(events)
    assert workspace.cli("load", "events.jsonl", check=False).returncode == 1
    workspace.dbt("build", "--exclude-resource-type", "test", "unit_test")
    return workspace


def test_the_page_lists_what_is_there(workspace: Workspace) -> None:
    there = defaultdict(set)
    with duckdb.connect(str(workspace.path / "warehouse.duckdb"), read_only=True) as connection:
        for schema, name, column in connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
        ).fetchall():
            there[schema, name].add(column)
    for schema, tables in (("segmentloom_sync", TABLES), ("segmentloom_privacy", PRIVACY_TABLES)):
        for name, columns in tables.items():
            there[schema, name] = set(columns)
    for relation, named in LISTED.items():
        assert set(named) <= there[relation], relation
    ours = re.compile(r"int_|stg_|segmentloom_")
    public = {(schema, name) for schema, name in there if schema == "segmentloom" and not ours.match(name)}
    assert public == {relation for relation in LISTED if relation[0] == "segmentloom"}


def test_the_example_prints_what_the_page_says(workspace: Workspace) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKS["python"]],
        cwd=workspace.path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == BLOCKS["text"]


def test_a_connection_that_was_left_open_keeps_load_waiting(workspace: Workspace) -> None:
    with duckdb.connect(str(workspace.path / "warehouse.duckdb"), read_only=True):
        done = workspace.cli("load", "events.jsonl", check=False, SEGMENTLOOM_WAIT_SECONDS="0")
    assert done.returncode == 3
    assert "warehouse.duckdb is in use by" in done.stderr
