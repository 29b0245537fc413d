"""Connected components of many links: the contraction that identity uses, scipy in memory, and Splink.

    python benchmarks/components.py --links 1e7 --repeat 3

Each in a process of its own, one after the other on the same links: compare within a run. The answers must
be the same.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from forest import HERE, Contracted, Forest
from measure import measure

NUMPY = HERE / ".venv" / "bin" / "python"
PLACED = """
create or replace table links as
select left_node, right_node, row_number() over (order by hash(left_node, right_node)) as place
from read_parquet(?)
"""
FOUND = """
select count(*), count(distinct oldest), cast(sum(hash(node, oldest)) % 1000000007 as bigint)
from (select node, min(node) over (partition by component) as oldest from {})
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--links", type=float, default=1e6)
    parser.add_argument("--paths", type=int, default=0, help="also two paths of so many links")
    parser.add_argument("--memory", default="8GB", help="DuckDB's memory_limit")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--without-splink", action="store_true")
    size = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "links.parquet"
        made = ["--links", str(size.links), "--paths", str(size.paths)]
        measure([NUMPY, HERE / "links.py", file, *made], Path(folder))
        compare(Path(folder), file, size)


def compare(folder: Path, file: Path, size: argparse.Namespace) -> None:
    """Measure all, again and again, and print the medians; raises AssertionError when the answers differ."""
    forest = Forest(folder, size.memory)
    forest.execute(PLACED, str(file))
    ((links, nodes),) = forest.execute(
        "select (select count(*) from links),"
        " (select count(*) from (select left_node from links union select right_node from links))"
    )
    print(f"{links:,} links, {nodes:,} nodes, memory_limit {size.memory}", flush=True)
    ours: list[Contracted] = []
    rivals: dict[str, list[dict[str, Any]]] = {"scipy": [], "Splink": []}
    answers = set()
    for _ in range(size.repeat):
        ours.append(forest.contract({"components": "select * from main.links"})["components"])
        answers.add(forest.execute(FOUND.format("components"))[0])
        result = folder / "result.parquet"
        rivals["scipy"].append(run([NUMPY, HERE / "limit_components.py", file, result], folder))
        answers.add(forest.execute(FOUND.format(f"read_parquet('{result}')"))[0])
        if not size.without_splink:
            spill = folder / "splink"
            spill.mkdir(exist_ok=True)
            command = [NUMPY, HERE / "splink_components.py", file, size.memory, spill, result]
            rivals["Splink"].append(run(command, folder))
            answers.add(forest.execute(FOUND.format(f"read_parquet('{result}')"))[0])
    assert len(answers) == 1, answers
    cpu = statistics.median(one.cpu for one in ours)
    print_row("identity", cpu, max(one.peak for one in ours), cpu, max(one.spilled for one in ours))
    for name, runs in rivals.items():
        if runs:
            peak, spilled = (max(one.get(key, 0.0) for one in runs) for key in ("peak", "spilled"))
            print_row(name, statistics.median(one["cpu"] for one in runs), peak, cpu, spilled)
    for part in ("read", "map", "connect", "write"):
        print(f"  scipy, {part:<8}{statistics.median(one[part] for one in rivals['scipy']):>6.2f}")
    print(f"{ours[0].rounds} rounds, {ours[0].statements} statements")


def run(command: list[Any], folder: Path) -> dict[str, Any]:
    """What a program printed last, as JSON."""
    taken: dict[str, Any] = json.loads(measure(command, folder).output.splitlines()[-1])
    return taken


def print_row(name: str, cpu: float, peak: float, own: float, spilled: float) -> None:
    """One line of the table."""
    ratio = f"{own / cpu:>6.2f}x" if name != "identity" else f"{'':>7}"
    print(f"{name:<10}{cpu:>8.2f} CPU s{ratio}{peak:>8,.0f} MB{spilled:>8,.0f} MB spilled", flush=True)


if __name__ == "__main__":
    main()
