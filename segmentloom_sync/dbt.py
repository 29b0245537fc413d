"""Runs dbt: the only module that starts it. dbt is a program to us, no library, so that any dbt will do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmentloom_sync import terminal
from segmentloom_sync.errors import ConfigError, DbtError


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What became of one dbt node, from target/run_results.json."""

    unique_id: str
    status: str
    message: str | None

    @property
    def failed(self) -> bool:
        """Whether dbt counts it as a failure."""
        return self.status in {"error", "fail", "runtime error", "partial success"}


@dataclass(frozen=True, slots=True)
class Dbt:
    """dbt on one project and target.

    Args:
        project_dir: folder of dbt_project.yml; dbt runs in it, so relative paths in profiles.yml start there.
        profiles_dir: folder of profiles.yml, or None for dbt's own search.
        target: the profile's target, or None for its default.
    """

    project_dir: Path
    profiles_dir: Path | None = None
    target: str | None = None

    def run(
        self,
        command: str,
        *arguments: str,
        variables: Mapping[str, Any] | None = None,
        label: str | None = None,
    ) -> list[NodeResult]:
        """Run one dbt command to its end.

        Args:
            command: `build`, `run`, `compile`, ...
            arguments: further arguments, e.g. `--select`.
            variables: dbt vars for this run.
            label: shown while it works.

        Returns:
            The results of all nodes; a failed node is in the list, not an exception, when dbt wrote results.

        Raises:
            ConfigError: dbt is not installed, or cannot read the project.
            DbtError: dbt failed without results.
        """
        line = [
            _executable(),
            "--no-use-colors",
            "--quiet",
            command,
            "--project-dir",
            str(self.project_dir.resolve()),
        ]
        if self.profiles_dir is not None:
            line += ["--profiles-dir", str(self.profiles_dir.resolve())]
        if self.target is not None:
            line += ["--target", self.target]
        if variables:
            line += ["--vars", json.dumps(dict(variables))]
        results_file = self.project_dir / "target" / "run_results.json"
        results_file.unlink(missing_ok=True)
        with terminal.progress(label or f"dbt {command}"):
            done = subprocess.run(
                [*line, *arguments],
                cwd=self.project_dir,
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
            )
        if results_file.exists():
            return [
                NodeResult(node["unique_id"], node["status"], node.get("message"))
                for node in json.loads(results_file.read_text())["results"]
            ]
        if done.returncode != 0:
            raise DbtError(
                f"dbt {command} failed: {summary(done.stdout + done.stderr)}",
                hint=f"run `dbt {command}` in {self.project_dir} to see all of its output",
            )
        return []


def _executable() -> str:
    """The dbt beside our own Python, else the one on the PATH."""
    beside = Path(sys.executable).parent / "dbt"
    found = str(beside) if beside.exists() else shutil.which("dbt")
    if found is None:
        raise ConfigError("dbt is not installed", hint="pip install segmentloom, or put dbt on the PATH")
    return found


def summary(output: str) -> str:
    """The lines of dbt's output that say what is wrong, on one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for position, line in enumerate(lines):
        if "Error" in line:
            return " ".join(lines[position : position + 6])
    return " ".join(lines[-3:]) or "no output"
