"""DuckDB 2.0 is stricter than the locked 1.5: the same code runs on it, from an environment of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.engines.environments import environment
from tests.workspace import REPOSITORY

pytestmark = pytest.mark.slow


def run_tests(*arguments: str) -> None:
    """Run tests with the other DuckDB; a warning is an error there as here (see pyproject.toml)."""
    programs = environment("duckdb2")
    done = subprocess.run(
        [str(programs / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_the_environment_has_duckdb_2() -> None:
    version = subprocess.run(
        [str(environment("duckdb2") / "python"), "-c", "import duckdb; print(duckdb.__version__)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert version.stdout.startswith("2.")


@pytest.mark.parametrize("part", ["warehouse", "landing", "sync"])
def test_unit_tests_pass(part: str) -> None:
    # The sync's longest proofs take hours together and ask nothing else of the engine than the quick ones.
    run_tests(str(Path("tests") / "unit" / part), "-m", "not slow")


def test_two_builds_pass() -> None:
    run_tests("tests/engines/test_same_answers.py", "-k", "scenario")
