"""What keeping a list in step costs: Segmentloom beside its rivals, at one simulator, with the same people.

    python benchmarks/sync.py --members 1e6
    python benchmarks/sync.py --members 1e7 --only segmentloom --memory 400MB

Three runs each: the first one sends everybody; then nothing has changed; then 0.5 % have left and 0.5 % have
come. Segmentloom does the last once more as after a build that changed profiles: then it compares everybody
instead of whose membership changed. Each is the command that a user starts, in a process of its own, measured
with its children. The simulator is strict, runs in a process of its own and is not counted. drt-core keeps no
state for such a destination: it sends everybody each time, and nobody leaves. Behind it: posting the same
bodies, which lie ready, beside the part of Segmentloom's first run from its first request to its last.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from contenders import HERE, Condor, Contender, Drt, Segmentloom
from measure import Measure, measure
from platform_process import PlatformProcess, running

CHANGE = 0.005
"""The share that leaves, and comes."""
PEOPLE = """
copy (
    select 'person-' || range as person, 'person-' || range || '@example.com' as email, range as place
    from range({people})
) to '{file}' (format parquet)
"""
RUNS = ("first run", "nothing changed", "0.5 % out, 0.5 % in")
EVERYBODY = "same, all compared"
RIVALS: dict[str, type[Contender]] = {"drt-core": Drt, "condor-retl": Condor}
BODIES = 10_000


class Row(NamedTuple):
    """What a run took.

    Attributes:
        calls: requests that reached the platform.
        size: identifiers that the list has afterwards.
    """

    program: str
    run: str
    took: Measure
    calls: int
    size: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=float, default=1e6)
    parser.add_argument(
        "--only", nargs="+", choices=["segmentloom", *RIVALS], default=["segmentloom", *RIVALS]
    )
    parser.add_argument("--memory", default="", help="Segmentloom's memory_limit for DuckDB, e.g. 400MB")
    parser.add_argument("--keep", type=Path, help="work in this folder, and leave it there")
    size = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = size.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        with running(folder) as platform:
            compare(folder, platform, int(size.members), size.only, size.memory)


def compare(folder: Path, platform: PlatformProcess, members: int, only: list[str], memory: str) -> None:
    """Run all, one after the other, and print a line for each as it ends."""
    file = folder / "people.parquet"
    duckdb.sql(PEOPLE.format(people=members + members // 10, file=file))
    limit = f", memory_limit {memory}" if memory else ""
    print(f"{members:,} members{limit}; load {os.getloadavg()[0]:.1f}")
    print(
        f"{'':<13}{'':<22}{'CPU s':>8}{'wall s':>9}{'peak MB':>9}{'calls':>7}{'on the list':>13}", flush=True
    )
    rows: dict[tuple[str, str], Row] = {}
    for name in only:
        contender = (
            Segmentloom(folder, platform, memory=memory)
            if name == "segmentloom"
            else RIVALS[name](folder, platform)
        )
        for row in runs(contender, file, members):
            rows[row.program, row.run] = row
            print(line(row), flush=True)
        if isinstance(contender, Segmentloom):
            print_push(contender, folder, platform)
    for text in ratios(rows):
        print(text)
    print(f"load {os.getloadavg()[0]:.1f}")


def runs(contender: Contender, file: Path, members: int) -> Iterator[Row]:
    """The three runs of a program; raises AssertionError where the list is not what it keeps to be."""
    moved = round(members * CHANGE)
    contender.lay(file)
    steps = list(zip(RUNS, (0, 0, moved), strict=True))
    if isinstance(contender, Segmentloom):
        steps.append((EVERYBODY, 2 * moved))
    for name, low in steps:
        contender.members(low, low + members)
        if name == EVERYBODY:
            contender.execute("delete from segmentloom_sync.in_step")
        before = contender.platform.calls()
        took = contender.sync()
        assert took.status == 0, took.errors + took.output
        calls = contender.platform.calls() - before
        size = contender.platform.size(contender.list_id)
        yield Row(contender.name, name, took, calls, size)
        # drt-core sends no removals, so that with it the leavers stay.
        assert size == members + (low if isinstance(contender, Drt) else 0), size


def line(row: Row) -> str:
    """A row of the table."""
    took = f"{row.took.cpu:>8.1f}{row.took.wall:>9.1f}{row.took.peak:>9,.0f}"
    return f"{row.program:<13}{row.run:<22}{took}{row.calls:>7,}{row.size:>13,}"


def ratios(rows: dict[tuple[str, str], Row]) -> Iterator[str]:
    """How many times what Segmentloom takes the others take, CPU and wall, and of memory."""
    for rival in RIVALS:
        for run in RUNS:
            ours, theirs = rows.get(("segmentloom", run)), rows.get((rival, run))
            if ours and theirs:
                cpu, wall = theirs.took.cpu / ours.took.cpu, theirs.took.wall / ours.took.wall
                memory = theirs.took.peak / ours.took.peak
                yield f"{rival}, {run}: {cpu:.2f}x our CPU, {wall:.2f}x our wall time, {memory:.2f}x our peak"


def print_push(contender: Segmentloom, folder: Path, platform: PlatformProcess) -> None:
    """Print the sending part of the first run beside the same bodies posted from files."""
    [(seconds, batches)] = contender.execute(
        "select epoch(max(finished_at) - min(started_at)), count(*) from segmentloom_sync.batches"
        " where run_id = (select run_id from segmentloom_sync.runs order by started_at limit 1)"
    )
    bodies = folder / "bodies"
    bodies.mkdir()
    write_bodies(contender, bodies)
    url = f"{platform.base_url}/v26.0/{platform.create_list('Prepared')}/users"
    posted = float(measure([sys.executable, HERE / "limit_send.py", bodies, url], folder).output)
    print(
        f"sending {batches:,} batches: {seconds:.1f} s; posting the same bodies from files: {posted:.1f} s: "
        f"{seconds / posted:.2f}x",
        flush=True,
    )


def write_bodies(contender: Segmentloom, folder: Path) -> None:
    """The bodies that the first run has sent, as files."""
    with duckdb.connect(str(contender.database)) as connection:
        found = connection.execute("select identifier from segmentloom_sync.ledger order by identifier")
        number = 0
        while rows := found.fetchmany(BODIES):
            session: dict[str, Any] = {"session_id": number + 1, "batch_seq": 1, "last_batch_flag": True}
            session["estimated_num_total"] = len(rows)
            payload = {"schema": ["EMAIL"], "data": [list(row) for row in rows]}
            (folder / f"{number:06d}.json").write_text(json.dumps({"session": session, "payload": payload}))
            number += 1


if __name__ == "__main__":
    main()
