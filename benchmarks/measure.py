"""Runs a command and measures what it took, its children included.

Started by itself it runs one command and leaves what the system counted in a file: a process begins with the
peak of whoever started it, so that a benchmark that has just filled a warehouse must not start it itself.

    python benchmarks/measure.py FILE COMMAND [ARGUMENT...]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measure:
    """What a command took.

    Attributes:
        peak: memory of its largest process, in megabytes.
    """

    wall: float
    cpu: float
    peak: float
    output: str
    errors: str = ""
    status: int = 0


def measure(
    command: Sequence[str | Path],
    directory: Path,
    *,
    accept: Sequence[int] | None = (0,),
    environment: Mapping[str, str] | None = None,
) -> Measure:
    """Run to the end.

    Args:
        accept: the statuses that it may end with; None: any.
        environment: variables beside those of this process.

    Raises:
        RuntimeError: it ended with a status that is not accepted.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "usage.json"
        ended = subprocess.run(
            [sys.executable, Path(__file__).resolve(), report, *command],
            cwd=directory,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=True,
        )
        usage = json.loads(report.read_text())
    if accept is not None and usage["status"] not in accept:
        raise RuntimeError(f"{command} ended with {usage['status']}\n{ended.stdout}\n{ended.stderr}")
    return Measure(**usage, output=ended.stdout, errors=ended.stderr)


def _run_and_report(report: Path, command: Sequence[str]) -> None:
    started = time.perf_counter()
    with subprocess.Popen(command) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    took = {
        "wall": time.perf_counter() - started,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss / 1024,
        "status": child.returncode,
    }
    report.write_text(json.dumps(took))


if __name__ == "__main__":
    _run_and_report(Path(sys.argv[1]), sys.argv[2:])
