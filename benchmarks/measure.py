"""Runs a command and measures what it took, its children included."""

from __future__ import annotations

import os
import subprocess
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
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=directory,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        # Both pipes are small enough to be read one after the other: progress is a line without a terminal.
        output, errors = child.stdout.read(), child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if accept is not None and child.returncode not in accept:
        raise RuntimeError(f"{command} ended with {child.returncode}\n{output}\n{errors}")
    cpu = usage.ru_utime + usage.ru_stime
    return Measure(wall, cpu, usage.ru_maxrss / 1024, output, errors, child.returncode)
