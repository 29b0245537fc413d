"""Runs of the sync, each in a process of its own that any write or request can kill."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from segmentloom_sync.warehouse.duckdb import DuckDb
from tests.unit.sync.faults import Fuse
from tests.unit.sync.nth_operation import FailingSession
from tests.unit.sync.world import Configured, Time, World, open_connection, run
from tests.workspace import REPOSITORY, TIMEOUT_SECONDS

_WRITES = re.compile(r"\s*(create|insert|update|delete|drop|alter|commit)\b", re.IGNORECASE)


class KillableSync:
    """Use it in a with statement."""

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.killable_sync"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.communicate(timeout=TIMEOUT_SECONDS)

    def run(self, world: World, die_at: int) -> bool:
        """Run the world's sync; nobody may have its file open.

        Args:
            die_at: the number, from 1 on, of the commit or the request before which SIGKILL comes; a request
                counts once more when the platform has acted on it.

        Returns:
            Whether it was killed; else it came to its end.
        """
        order = {
            "file": str(world.file),
            "block": world.simulator.settings(),
            "time": world.clock.time.isoformat(),
            "list_name": world.list_name,
            "options": world.options,
            "die_at": die_at,
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        status = int(self._server.stdout.readline())
        assert status in (0, -signal.SIGKILL), f"the run ended with {status}"
        return status != 0


class _Deadly(Fuse):
    def burn(self) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


class _MortalConnection:
    """Only what changes the file counts: writes by themselves, and the commits of those in transactions."""

    def __init__(self, inner: duckdb.DuckDBPyConnection, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse
        self._is_in_transaction = False

    def execute(self, sql: str, *arguments: Any) -> duckdb.DuckDBPyConnection:
        self._is_in_transaction = sql == "begin" or (self._is_in_transaction and sql != "commit")
        if _WRITES.match(sql) and not self._is_in_transaction:
            self._fuse.pass_through()
        return self._inner.execute(sql, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _run(order: dict[str, Any]) -> None:
    fuse = _Deadly(order["die_at"])
    mortal: Any = _MortalConnection(open_connection(Path(order["file"])), fuse)
    settings = Configured(order["block"], FailingSession(fuse))
    with closing(DuckDb(mortal, "segmentloom", lambda: None)) as warehouse:
        clock = Time(datetime.fromisoformat(order["time"]))
        run(warehouse, settings, clock, order["list_name"], **order["options"])


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                _run(json.loads(line))
                status = 0
            finally:
                os._exit(status)
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        answers.flush()


if __name__ == "__main__":
    _serve()
