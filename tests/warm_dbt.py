"""dbt as a command, from a process that has imported it: each run is a fork and is spared seconds of imports.

Nothing else is shared: a run has its own folder, environment and output, and reads its project itself.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent


class WarmDbt:
    """The process; `started` gives the one of this process, which ends with it."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.warm_dbt"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @classmethod
    @functools.cache
    def started(cls) -> WarmDbt:
        """Start it, once."""
        warm = cls()
        atexit.register(warm._stop)
        return warm

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run dbt in a folder and wait for its end, at most so many seconds.

        Raises:
            subprocess.TimeoutExpired: it took longer; it was killed.
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with tempfile.TemporaryDirectory() as outputs:
            order = {
                "arguments": list(arguments),
                "folder": str(folder),
                "environment": dict(environment),
                "outputs": outputs,
            }
            self._server.stdin.write(json.dumps(order) + "\n")
            self._server.stdin.flush()
            process = int(self._server.stdout.readline())
            if not select.select([self._server.stdout], [], [], timeout)[0]:
                os.kill(process, 9)
                self._server.stdout.readline()
                raise subprocess.TimeoutExpired(["dbt", *arguments], timeout)
            status = int(self._server.stdout.readline())
            stdout, stderr = ((Path(outputs) / name).read_text() for name in ("stdout", "stderr"))
        return subprocess.CompletedProcess(["dbt", *arguments], status, stdout, stderr)

    def _stop(self) -> None:
        self._server.communicate()


def _serve() -> None:
    # For the forks, which find them imported.
    import dbt.adapters.duckdb.impl
    import dbt.cli.main  # noqa: F401

    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _become_dbt(order)
        print(child, file=answers, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)


def _become_dbt(order: Mapping[str, Any]) -> None:
    from dbt.cli.main import cli

    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    for number, name in enumerate(("stdout", "stderr"), start=1):
        os.dup2(os.open(Path(order["outputs"]) / name, os.O_WRONLY | os.O_CREAT), number)
    status = 1
    try:
        cli(order["arguments"], prog_name="dbt")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
