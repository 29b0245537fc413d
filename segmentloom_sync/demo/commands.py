"""Runs our own commands as anybody would type them, in the demo's folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmentloom_sync import terminal
from segmentloom_sync.errors import SegmentloomError

PROGRAM = (sys.executable, "-c", "from segmentloom_sync.cli.app import main; main()")
LEADS_ELSEWHERE = (
    "DBT_PROFILES_DIR",
    "DBT_PROJECT_DIR",
    "DBT_TARGET",
    "SEGMENTLOOM_CONFIG",
    "SEGMENTLOOM_DUCKDB_PATH",
)
"""Variables of the user's that would lead a command to another project or warehouse."""


class CommandFailed(SegmentloomError):
    """A command of the demo ended with a status that it should not."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Our commands in one folder. What they say on stderr is shown, progress bars too."""

    directory: Path

    def run(self, *arguments: str, accept: Collection[int] = (0,)) -> dict[str, Any]:
        """Run `segmentloom-sync ARGUMENTS --json` to its end.

        Args:
            accept: exit codes that are in order here.

        Returns:
            What it printed.

        Raises:
            CommandFailed: it ended with another exit code; its own message is on stderr already.
        """
        shown = " ".join(f'"{part}"' if " " in part else part for part in arguments)
        terminal.say(f"$ segmentloom-sync {shown}")
        done = subprocess.run(
            [*PROGRAM, *arguments, "--json"],
            cwd=self.directory,
            env={name: value for name, value in os.environ.items() if name not in LEADS_ELSEWHERE},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode not in accept:
            raise CommandFailed(
                f"`segmentloom-sync {shown}` ended with status {done.returncode}",
                hint=f"run it in {self.directory} to look closer",
            )
        document = json.loads(done.stdout)
        if not isinstance(document, dict):
            raise CommandFailed(f"`segmentloom-sync {shown}` printed no JSON object")
        return document
