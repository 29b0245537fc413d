"""Runs dbt in this process and says what each node took, so that dbt's own start is not in it.

    python benchmarks/dbt_nodes.py [--statements SECONDS] [--spill FOLDER] [--scans TABLE FILE] run ...

Prints JSON: CPU and clock seconds and the number of statements of each node, the peak memory of the process
in megabytes, and what the nodes logged. CPU is that of all threads of the process: give dbt one thread
(`--threads 1`), or what ran beside a node is counted with it. With --statements also each statement that took
as many CPU seconds or more, with --spill the most megabytes that lay in the engine's temporary folder, with
--scans how many rows of a table were scanned and how many the scans handed on, by what DuckDB's profiler
writes into the file.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner


class Recorder:
    """Listens to dbt's events."""

    def __init__(self, least: float | None, scans: tuple[str, str] | None) -> None:
        self.nodes: dict[str, dict[str, Any]] = defaultdict(lambda: {"statements": 0})
        self.logged: list[str] = []
        self.slow: list[tuple[str, float, str]] = []
        self.scanned: dict[str, int] = {"rows": 0, "handed_on": 0}
        self._least, self._scans = least, scans
        self._query: tuple[float, str] = (0.0, "")
        self._last: tuple[float, float] | None = None

    def __call__(self, event: Any) -> None:
        """Take one event.

        A hook at the end has run what its macros run before dbt says that it starts. Hooks at the start count
        from there, or the start of dbt would count with them.
        """
        name, cpu = event.info.name, time.process_time()
        if name == "NodeStart":
            self._node(event).update(cpu=-cpu, wall=-time.perf_counter())
        elif name == "NodeFinished":
            node = self._node(event)
            node.update(cpu=node["cpu"] + cpu, wall=node["wall"] + time.perf_counter())
            self._last = cpu, time.perf_counter()
        elif name == "LogHookStartLine" and self._last is None:
            self._last = cpu, time.perf_counter()
        elif name == "LogHookEndLine" and self._last is not None:
            before, clock = self._last
            self._node(event).update(cpu=cpu - before, wall=time.perf_counter() - clock)
            self._last = cpu, time.perf_counter()
        elif name == "SQLQuery":
            self._node(event)["statements"] += 1
            self._query = (cpu, event.data.sql)
        elif name == "SQLQueryStatus" and self._scans is not None:
            table, profile = self._scans
            with suppress(OSError):  # of a transaction's beginning there is none
                self._add_scans(table, json.loads(Path(profile).read_text()))
                Path(profile).unlink()
        elif name == "SQLQueryStatus" and self._least is not None:
            began, sql = self._query
            if cpu - began >= self._least:
                text = " ".join(sql.split("*/")[-1].split())
                self.slow.append((event.data.node_info.node_name, cpu - began, text))
        elif event.info.msg.startswith("segmentloom: "):
            self.logged.append(event.info.msg)

    def _add_scans(self, table: str, operator: dict[str, Any]) -> None:
        if str(operator.get("extra_info", {}).get("Table", "")).endswith(f".{table}"):
            self.scanned["rows"] += operator["operator_rows_scanned"]
            self.scanned["handed_on"] += operator["operator_cardinality"]
        for child in operator["children"]:
            self._add_scans(table, child)

    def _node(self, event: Any) -> dict[str, Any]:
        return self.nodes[event.data.node_info.node_name]


class Spill:
    """Watches a folder, ten times a second."""

    def __init__(self, folder: Path | None) -> None:
        self.peak = 0.0
        if folder:
            threading.Thread(target=self._watch, args=(folder,), daemon=True).start()

    def _watch(self, folder: Path) -> None:
        while True:
            with suppress(OSError):
                self.peak = max(self.peak, sum(file.stat().st_size for file in folder.iterdir()) / 2**20)
            time.sleep(0.1)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--statements", type=float)
    parser.add_argument("--spill", type=Path)
    parser.add_argument("--scans", nargs=2, metavar=("TABLE", "FILE"))
    options, command = parser.parse_known_args()
    recorder, spill = Recorder(options.statements, options.scans), Spill(options.spill)
    quiet = ["--log-level", "none", "--log-level-file", "none", "--quiet"]
    outcome = dbtRunner(callbacks=[recorder]).invoke([*command, *quiet])
    if not outcome.success:
        problems = [one.message for one in outcome.result or () if one.message]  # type: ignore[union-attr]
        sys.exit(f"dbt failed: {outcome.exception or ''} {problems}")
    recorder.nodes.pop("", None)
    taken = {
        "nodes": {name: node for name, node in recorder.nodes.items() if "cpu" in node},
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "spilled": spill.peak,
        "scanned": recorder.scanned,
        "logged": recorder.logged,
        "statements": recorder.slow,
    }
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
