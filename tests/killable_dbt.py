"""dbt on one DuckDB project, read once; each run is a process of its own that any statement can kill."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO
from unittest.mock import patch

from tests.workspace import REPOSITORY, TIMEOUT_SECONDS, Workspace


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that a run sent, a transaction's each for itself."""

    node: str
    sql: str

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return re.match(r"(create|insert|update|delete|drop|alter|merge)\b", self.sql, re.I) is not None


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a run.

    Attributes:
        ok: it came to its end, and all went well.
        killed: it was killed where it was told to be.
        statements: in the order in which they were sent; the last of a killed run was not executed.
        output: what dbt printed.
    """

    ok: bool
    killed: bool
    statements: Sequence[Statement]
    output: str


class KillableDbt:
    """Use it in a with statement; the project's files must not change in it."""

    def __init__(self, workspace: Workspace) -> None:
        self._path = workspace.path

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.killable_dbt", str(self._path)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1"},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.communicate(timeout=TIMEOUT_SECONDS)

    def run(self, *arguments: str, die_at: int | None = None) -> Run:
        """Run dbt; `die_at` is the number of the statement, from 0 on, before which it is killed."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps({"arguments": arguments, "die_at": die_at}) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        assert answer, "dbt could not read the project"
        status = int(answer)
        statements = [json.loads(line) for line in (self._path / "statements.jsonl").read_text().splitlines()]
        return Run(
            ok=status == 0,
            killed=status == -signal.SIGKILL,
            statements=[Statement(*statement) for statement in statements],
            output=(self._path / "output.txt").read_text(),
        )


def _serve(project: Path) -> None:
    from dbt.cli.main import dbtRunner

    os.chdir(project)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    read = dbtRunner().invoke(["--quiet", "parse"])
    if not read.success:
        sys.exit(1)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(read.result, order["arguments"], order["die_at"])
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        answers.flush()


def _run(manifest: Any, arguments: Sequence[str], die_at: int | None) -> None:
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper
    from dbt.cli.main import dbtRunner

    with Path("output.txt").open("w") as output, Path("statements.jsonl").open("w") as log:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        one_by_one = _one_by_one(DuckDBCursorWrapper.execute, log, die_at)
        patch.object(DuckDBCursorWrapper, "execute", one_by_one).start()
        done = dbtRunner(manifest=manifest).invoke(["--no-use-colors", *arguments, "--threads", "1"])
        sys.stdout.flush()
        log.flush()
    os._exit(0 if done.success else 1)


def _one_by_one(
    execute: Callable[..., Any], log: TextIO, die_at: int | None
) -> Callable[[Any, str, Any], Any]:
    numbers = itertools.count()

    def execute_one_by_one(cursor: Any, sql: str, bindings: Any = None) -> Any:
        node = re.search(r'"node_id": "([^"]+)"', sql)
        result = None
        for statement in cursor.extract_statements(sql):
            log.write(json.dumps([node[1] if node else "", _bare(statement.query)]) + "\n")
            if next(numbers) == die_at:
                log.flush()
                os.kill(os.getpid(), signal.SIGKILL)
            result = execute(cursor, statement.query, bindings)
        return result

    return execute_one_by_one


def _bare(sql: str) -> str:
    """Without dbt's comment in front, and in one line."""
    return " ".join(re.sub(r"^\s*/\*.*?\*/", "", sql, flags=re.S).split())


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
