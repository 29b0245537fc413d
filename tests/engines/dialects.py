"""Runs a dialect checker over the journal of an emulator, in the checkers' own environment."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.engines.environments import environment

CHECKERS = Path(__file__).resolve().parent / "checkers"
TIMEOUT_SECONDS = 300


def check(checker: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `checkers/<checker>.py`; its exit status is 0 when every statement of the journal passes."""
    return subprocess.run(
        [str(environment("check") / "python"), str(CHECKERS / f"{checker}.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
