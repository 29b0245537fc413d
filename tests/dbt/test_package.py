"""Somebody else's project installs this repository as a dbt package and adds an audience of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.workspace import CLI, DBT, REPOSITORY

CONSUMER = Path(__file__).resolve().parent / "consumer"


def run(program: Path, *arguments: str, project: Path) -> None:
    """Run a program in the project; it must succeed."""
    done = subprocess.run(
        [str(program), *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The DuckDB file of the consumer's project after its first build."""
    project = tmp_path_factory.mktemp("consumer") / "shop"
    shutil.copytree(CONSUMER, project)
    warehouse = project / "shop.duckdb"
    (project / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(REPOSITORY)}]}))
    output = {"type": "duckdb", "path": str(warehouse), "schema": "analytics", "threads": 2}
    (project / "profiles.yml").write_text(
        yaml.safe_dump({"shop": {"target": "dev", "outputs": {"dev": output}}})
    )

    run(DBT, "deps", project=project)
    run(CLI, "compile", project=project)
    run(DBT, "seed", "--select", "orders", project=project)
    run(DBT, "build", project=project)
    return warehouse


def rows(warehouse: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a query says."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        return found


def test_the_consumers_audience_is_published_and_our_examples_are_not(built: Path) -> None:
    sizes = rows(built, "select audience, members from analytics.audience_sizes")

    assert sizes == [("big_spenders", 2)]


def test_the_consumers_vars_count(built: Path) -> None:
    """Its limit of one user per e-mail address makes an address of two users shared."""
    refused = rows(built, "select distinct rule, identifier_value from analytics.identity_conflicts")

    assert refused == [("shared_email", "bob@example.com")]


def test_the_package_builds_into_the_target_schema(built: Path) -> None:
    relations = rows(
        built, "select table_name from information_schema.tables where table_schema = 'analytics' order by 1"
    )

    assert {("events",), ("identifiers",), ("profiles",), ("audience_membership",)} <= set(relations)
