"""Runs dbt: the only module that starts it. dbt is a program to us, no library, so that any dbt will do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from segmentloom_sync import terminal
from segmentloom_sync.errors import ConfigError, DbtError
from segmentloom_sync.project import target_folder
from segmentloom_sync.warehouse.refusal import without_values

_PARSED = "partial_parse.msgpack"
"""What dbt keeps of a project that it has read; without it reading takes seconds. It holds no rows."""
_SECONDS_TO_END = 10.0


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What became of one dbt node.

    Attributes:
        about: of a test, the node that it stands at, or else all that it reads.
        query: the SQL that it ran, where dbt tells.
        finding: what it found, in words of our own, without personal data.
    """

    unique_id: str
    status: str
    message: str | None
    about: tuple[str, ...] = ()
    query: str | None = None
    finding: str | None = None

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
        keeps_parsed: False for a run with other variables than usual: what dbt keeps of the project as it has
            read it is of no use to it then, nor is its own to the next run.
    """

    project_dir: Path
    profiles_dir: Path | None = None
    target: str | None = None
    keeps_parsed: bool = True

    def run(
        self,
        command: str,
        *arguments: str,
        variables: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        label: str | None = None,
    ) -> list[NodeResult]:
        """Run one dbt command to its end.

        Args:
            command: `build`, `run`, `compile`, ...
            arguments: further arguments, e.g. `--select`.
            variables: dbt vars for this run.
            environment: variables of the environment beside those that there are.
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
        # dbt's own files quote rows, and another run at the same time would read this run's results.
        with tempfile.TemporaryDirectory(prefix="segmentloom-dbt-") as folder:
            private = Path(folder)
            if self.keeps_parsed:
                _copy(self._parsed, private / _PARSED)
            with terminal.progress(label or f"dbt {command}"):
                done = _run([*line, *arguments], self.project_dir, private, environment or {})
            if self.keeps_parsed:
                _copy(private / _PARSED, self._parsed)
            results = _results(private)
        if results is None and done.returncode != 0:
            raise DbtError(
                f"dbt {command} failed: {without_values(summary(done.stdout + done.stderr))}",
                hint=f"run `dbt {command}` in {self.project_dir} to see all of its output",
            )
        return results or []

    @property
    def _parsed(self) -> Path:
        return target_folder(self.project_dir) / _PARSED


def _run(
    line: list[str], project_dir: Path, private: Path, added: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        **added,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_TARGET_PATH": str(private),
        "DBT_LOG_PATH": str(private),
    }
    with (
        _sigterm_interrupts(),
        subprocess.Popen(
            line,
            cwd=project_dir,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        ) as child,
    ):
        try:
            output, errors = child.communicate()
        except BaseException:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(_SECONDS_TO_END)
            child.kill()
            raise
    return subprocess.CompletedProcess(line, child.returncode, output, errors)


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """Make SIGTERM what Ctrl-C is, so that dbt never outlives us and the lock that it works under."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _copy(source: Path, destination: Path) -> None:
    """Copy a file if there is one; readers see the old one or the new one, whole."""
    if not source.exists():
        return
    destination.parent.mkdir(parents=True, exist_ok=True)
    beside = destination.with_name(f"{destination.name}.{os.getpid()}")
    shutil.copyfile(source, beside)
    beside.replace(destination)


def _results(folder: Path) -> list[NodeResult] | None:
    """The results that dbt wrote; None when it wrote none."""
    try:
        results = json.loads((folder / "run_results.json").read_text(encoding="utf-8"))["results"]
        nodes = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    except FileNotFoundError:
        return None
    return [
        NodeResult(
            result["unique_id"],
            result["status"],
            result.get("message"),
            _about(nodes.get(result["unique_id"], {})),
            result.get("compiled_code"),
        )
        for result in results
    ]


def _about(node: Mapping[str, Any]) -> tuple[str, ...]:
    if node.get("attached_node"):
        return (node["attached_node"],)
    return tuple(node.get("depends_on", {}).get("nodes", ()))


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
