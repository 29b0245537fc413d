"""Runs the dialect checkers over what reached the emulators, in the checkers' own environment."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from segmentloom_sync.warehouse.base import Engine
from tests.engines.emulators import Emulators
from tests.engines.environments import environment

CHECKERS = Path(__file__).resolve().parent / "checkers"
TIMEOUT_SECONDS = 1800
"""For all statements of `make test-all` beside other work; a grammar takes seconds for the longest."""

Check = tuple[Engine, str, tuple[str, ...]]
CHECKS: tuple[Check, ...] = (
    ("bigquery", "googlesql", ()),
    ("snowflake", "snowflake_names", ()),
)
"""BigQuery's own analyser, and the names of Snowflake's functions."""

SLOW_CHECKS: tuple[Check, ...] = (
    ("snowflake", "sqlfluff_parse", ("snowflake",)),
    ("bigquery", "sqlfluff_parse", ("bigquery",)),
)
"""The grammars of both, which take a minute and more."""


def refused_statements(emulators: Emulators, *, slow: bool) -> str:
    """What the checkers refuse of the emulators' journals, with the reasons; empty when all is right.

    Args:
        emulators: whose journals are read.
        slow: whether to make the slow checks, too.
    """
    checks = CHECKS + (SLOW_CHECKS if slow else ())
    journals = ((emulators.journal(engine), checker, options) for engine, checker, options in checks)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = [
            each.result()
            for each in [
                pool.submit(check, checker, *options, str(path))
                for path, checker, options in journals
                if path.exists()
            ]
        ]
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
