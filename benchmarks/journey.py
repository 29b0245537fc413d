"""One shop's journey, step by step, against the limit of each step on the same machine in the same run.

    python benchmarks/journey.py --persons 5000 --events 200000

Seconds are those of this machine today; the ratios of CPU time are what can be compared. A limit does the
least that any program would have to do for that step: see the docstrings of limit_*.py. Parts of the build
are in seconds of the clock, as dbt reports them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import yaml
from measure import Measure, measure

from segmentloom_sync.demo.shop import Shop

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
CLI = BIN / "segmentloom-sync"
SCIPY = HERE / ".venv" / "bin" / "python"
EVERYBODY = """\
description: Everybody with an address
match: {trait: email, exists: true}
sync:
  - {destination: meta, list: Everybody}
"""


class Step(NamedTuple):
    """What a step took, what its limit took where there is one, and what was done."""

    name: str
    work: str
    took: Measure
    limit: Measure | None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--persons", type=int, default=5_000)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--json", action="store_true")
    size = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        steps = list(journey(Path(folder), size.persons, size.events))
    if size.json:
        print(json.dumps([row(step) for step in steps]))
        return
    print(f"{size.persons:,} persons, about {size.events:,} events")
    print(f"{'step':<12}{'wall s':>8}{'cpu s':>8}{'peak MB':>9}{'limit cpu s':>13}{'ratio':>8}  done")
    for step in steps:
        shown = row(step)
        limit = f"{shown['limit_cpu']:>13.2f}{shown['ratio']:>7.1f}x" if step.limit else f"{'':>21}"
        took = f"{shown['wall']:>8.1f}{shown['cpu']:>8.1f}{shown['peak']:>9,.0f}"
        print(f"{step.name:<12}{took}{limit}  {step.work}")


def row(step: Step) -> dict[str, Any]:
    """A step as plain values."""
    return {
        "step": step.name,
        "work": step.work,
        "wall": step.took.wall,
        "cpu": step.took.cpu,
        "peak": step.took.peak,
        "limit_cpu": step.limit.cpu if step.limit else None,
        "ratio": step.took.cpu / step.limit.cpu if step.limit else None,
    }


def journey(folder: Path, persons: int, events: int) -> Iterator[Step]:
    """Every step, in order."""
    shop = Shop(end=datetime.now(UTC) - timedelta(days=1), persons=persons, events=events)
    written = folder / "events"
    shop.write_history(written)
    project = folder / "project"
    measure([CLI, "init", project], folder)
    (project / "audiences" / "example.yml").unlink()
    for path in (HERE.parent / "segmentloom_sync" / "demo" / "audiences").glob("*.yml"):
        (project / "audiences" / path.name).write_text(path.read_text())
    (project / "audiences" / "everybody.yml").write_text(EVERYBODY)
    warehouse = project / "warehouse.duckdb"

    loaded = measure([CLI, "load", written, "--json"], project, accept=(0, 1))
    lines = f"{json.loads(loaded.output)['read']:,} lines"
    yield Step("load", lines, loaded, measure([sys.executable, HERE / "limit_read.py", written], folder))

    measure([CLI, "compile"], project)
    built = measure([BIN / "dbt", "build"], project)
    seconds = node_seconds(project)
    links = export_links(warehouse, folder / "links.parquet")
    components = measure([SCIPY, HERE / "limit_components.py", folder / "links.parquet"], folder)
    scan = measure([sys.executable, HERE / "limit_scan.py", warehouse], folder)
    yield Step("dbt build", f"{len(seconds)} nodes", built, None)
    yield Step(
        "  identity", f"{links:,} links", only(seconds, built, "int_segmentloom__identity_map"), components
    )
    yield Step("  audiences", "6 audiences", only(seconds, built, "audience_"), scan)

    with simulators(project):
        pushed = measure([CLI, "run", "everybody", "--no-build", "--json"], project)
    sent = sum(entry["adds"] for entry in json.loads(pushed.output)["runs"])
    yield Step(
        "push",
        f"{sent:,} hashes",
        pushed,
        measure([sys.executable, HERE / "limit_post.py", str(sent)], folder),
    )


def node_seconds(project: Path) -> dict[str, float]:
    """How long dbt says that each node took."""
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    return {node["unique_id"].rsplit(".", 1)[1]: node["execution_time"] for node in results}


def only(seconds: dict[str, float], built: Measure, prefix: str) -> Measure:
    """The part of a build for nodes whose name starts so; seconds of the clock stand in for the CPU's."""
    took = sum(time for name, time in seconds.items() if name.startswith(prefix))
    return Measure(took, took, built.peak, "")


def export_links(warehouse: Path, file: Path) -> int:
    """Write the links that identity connects; returns how many."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        relation = connection.sql("select * from segmentloom.int_segmentloom__kept_links")
        relation.write_parquet(str(file))
        ((count,),) = connection.execute("select count(*) from read_parquet(?)", [str(file)]).fetchall()
    return int(count)


@contextmanager
def simulators(project: Path) -> Iterator[None]:
    """The platforms in a process of their own, and segmentloom.yml leading there."""
    command = [CLI, "simulate", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        announced = json.loads(child.stdout.readline())
        (project / "segmentloom.yml").write_text(yaml.safe_dump({"destinations": announced["destinations"]}))
        try:
            yield
        finally:
            child.terminate()


if __name__ == "__main__":
    main()
