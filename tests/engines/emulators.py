"""Starts and ends the emulators of BigQuery and Snowflake, each a process in an environment of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from segmentloom_sync.warehouse.base import Engine
from tests.engines.environments import Name, environment

SERVERS = Path(__file__).resolve().parent / "servers"
START_SECONDS = 90
END_SECONDS = 10
BIGQUERY_PROJECT = "test-project"


class Emulators:
    """The emulators of one test run, each started when first asked for and ended with the `with` block.

    Args:
        folder: where the emulators print and where their journals lie (`fakesnow.jsonl`, `bqemulator.jsonl`).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = ExitStack()
        self._ports: dict[str, int] = {}

    def __enter__(self) -> Emulators:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def snowflake_port(self) -> int:
        """The port of the Snowflake emulator."""
        if "snowflake" not in self._ports:
            port = _free_port()
            self._start("fakesnow", port, [str(port)])
            self._ports["snowflake"] = port
        return self._ports["snowflake"]

    @property
    def bigquery_endpoint(self) -> str:
        """The address of the BigQuery emulator."""
        if "bigquery" not in self._ports:
            port = _free_port()
            self._start("bqemulator", port, [str(port), str(_free_port()), BIGQUERY_PROJECT])
            self._ports["bigquery"] = port
        return f"http://127.0.0.1:{self._ports['bigquery']}"

    def journal(self, engine: Engine) -> Path:
        """What the engine's emulator was asked to run; see `servers/journal.py`."""
        return self.folder / {"bigquery": "bqemulator.jsonl", "snowflake": "fakesnow.jsonl"}[engine]

    def snowflake_output(self, schema: str) -> dict[str, Any]:
        """A dbt profile output for a schema of the Snowflake emulator."""
        return {
            "type": "snowflake",
            "account": "fakesnow",
            "user": "test",
            "password": "test",
            "host": "127.0.0.1",
            "port": self.snowflake_port,
            "protocol": "http",
            "database": "analytics",
            "schema": schema,
            "warehouse": "transforming",
            "role": "transformer",
            "threads": 4,
            "connect_retries": 0,
        }

    def bigquery_output(self, dataset: str) -> dict[str, Any]:
        """A dbt profile output for a dataset of the BigQuery emulator."""
        return {
            "type": "bigquery",
            "method": "oauth-secrets",
            "token": "test",
            "project": BIGQUERY_PROJECT,
            "dataset": dataset,
            "location": "US",
            "api_endpoint": self.bigquery_endpoint,
            "threads": 4,
            "job_retries": 0,
        }

    def _start(self, name: Name, port: int, arguments: list[str]) -> None:
        python = environment(name) / "python"
        log = self.folder / f"{name}.log"
        output = self._stack.enter_context(log.open("w"))
        process = subprocess.Popen(
            [str(python), str(SERVERS / f"{name}_server.py"), *arguments, str(self.folder / f"{name}.jsonl")],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env={**os.environ, "OTEL_SDK_DISABLED": "true"},
        )
        self._stack.callback(_end, process)
        _wait_until_it_listens(process, port, log)


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if _ended(process, within=0.05):
                break
        else:
            return
    raise RuntimeError(f"{log.stem} did not start:\n{log.read_text()[-2000:]}")


def _ended(process: subprocess.Popen[bytes], *, within: float) -> bool:
    try:
        process.wait(timeout=within)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    if not _ended(process, within=END_SECONDS):
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
