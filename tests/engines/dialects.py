"""Runs the dialect checkers over what reached the emulators, in the checkers' own environment."""

from __future__ import annotations

import subprocess
from pathlib import Path

from segmentloom_sync.warehouse.base import Engine
from tests.engines.emulators import Emulators
from tests.engines.environments import environment

CHECKERS = Path(__file__).resolve().parent / "checkers"
TIMEOUT_SECONDS = 300

CHECKS: tuple[tuple[Engine, str, tuple[str, ...]], ...] = (
    ("bigquery", "googlesql", ()),
    ("bigquery", "sqlfluff_parse", ("bigquery",)),
    ("snowflake", "sqlfluff_parse", ("snowflake",)),
    ("snowflake", "snowflake_names", ()),
)
"""BigQuery's own analyser, both grammars, and the names of Snowflake's functions."""


def refused_statements(emulators: Emulators) -> str:
    """What the checkers refuse of the emulators' journals, with the reasons; empty when all is right."""
    journals = ((emulators.journal(engine), checker, options) for engine, checker, options in CHECKS)
    done = [check(checker, *options, str(path)) for path, checker, options in journals if path.exists()]
    return "\n".join(each.stdout + each.stderr for each in done if each.returncode != 0)


def check(checker: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `checkers/<checker>.py`; its exit status is 0 when every statement of the journal passes."""
    return subprocess.run(
        [str(environment("check") / "python"), str(CHECKERS / f"{checker}.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
