"""What new events cost identity, as parts of what all of them cost.

    python benchmarks/identity.py --links 1e6

The events, each showing one link, are laid where the model of events would have put them. Then dbt runs the
models from there to the map of identifiers: once in full, with nothing new, with 1 %, 0.1 % and 0.01 % more
links, and with one link unmerged. CPU is that of these models alone, in a process per run. In the end
everything is derived anew, and that must change nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from measure import measure

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
NUMPY = HERE / ".venv" / "bin" / "python"
MODELS = [
    "int_segmentloom__sightings",
    "int_segmentloom__event_links",
    "int_segmentloom__alias_events",
    "int_segmentloom__owner_attributes",
    "int_segmentloom__identity_map",
]
SLICES = 100_000
EVENTS = """
insert into segmentloom.events by name
with named as (
    select
        *,
        case left_type
            when 'user_id' then 'user-' || left_number
            when 'email' then left_number || '@example.com'
            else md5('device-' || left_number)
        end as left_value,
        case right_type
            when 'user_id' then 'user-' || right_number
            when 'email' then right_number || '@example.com'
            else md5('device-' || right_number)
        end as right_value
    from read_parquet(?)
    where (left_node // 7 + right_node // 3) % ? between ? and ?
),
owned as (
    select
        left_node,
        right_node,
        case 'user_id' when left_type then left_value when right_type then right_value end as user_id,
        case 'email' when left_type then left_value when right_type then right_value end as email,
        case 'anonymous_id' when left_type then left_value when right_type then right_value end
            as anonymous_id
    from named
),
final as (
    select
        printf('%015x-%015x', left_node, right_node) as event_id,
        'shop' as source_id,
        'identify' as type,
        timestamp '2026-01-01' + to_microseconds((left_node + 3 * right_node) % 7776000000000) as occurred_at,
        user_id,
        email,
        anonymous_id,
        case when user_id is not null then 'user_id' else 'email' end as owner_type,
        coalesce(user_id, email) as owner_value
    from owned
)
select
    *,
    cast(occurred_at as date) as event_date,
    cast('0x' || substr(sha256(owner_type || ':' || owner_value), 1, 15) as bigint) as owner_key,
    ? as batch
from final
"""
PROGRESS = """
insert into segmentloom.int_segmentloom__progress by name
select * replace (entry + 1 as entry, ? as batch)
from segmentloom.int_segmentloom__progress
where consumer = 'segmentloom__events'
order by entry desc
limit 1
"""
UNMERGE = """
insert into segmentloom.identity_overrides by name
select
    'benchmark' as override_id,
    now() at time zone 'UTC' as decided_at,
    'unmerge' as action,
    merges.identifier_type,
    merges.identifier_value,
    merges.other_type,
    merges.other_value,
    'benchmark' as reason
from segmentloom.profile_merges as merges
inner join segmentloom.identifiers as profiles on profiles.profile_id = merges.surviving_profile_id
where merges.kind = 'merge' and merges.surviving_profile_id < '01'
group by all
having count(*) between 4 and 6
order by merges.identifier_value
limit 1
"""
STATE = """
select count(*), count(distinct profile_id), cast(sum(hash(
    identifier_key, first_seen_at, event_count, profile_id, cause_identifier_key, cause_other_key
) % 1000000007) as bigint)
from segmentloom.int_segmentloom__identity_map
"""


class Run(NamedTuple):
    """What one run of the models took."""

    name: str
    events: int
    cpu: float
    wall: float
    peak: float
    statements: int
    detail: dict[str, Any]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--links", type=float, default=1e6)
    parser.add_argument("--memory", default="8GB", help="DuckDB's memory_limit")
    parser.add_argument(
        "--without-check", action="store_true", help="do not derive everything anew in the end"
    )
    parser.add_argument("--statements", help="also show each statement that took so many CPU seconds")
    parser.add_argument("--json", action="store_true")
    size = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), size.memory, size.statements)
        runs = list(bench.runs(size.links, show=not size.json, check=not size.without_check))
    if size.json:
        print(json.dumps([run._asdict() for run in runs]))


class Bench:
    """A project whose events are laid by hand."""

    def __init__(self, folder: Path, memory: str, statements: str | None) -> None:
        self.folder, self.project = folder, folder / "project"
        self.warehouse = self.project / "warehouse.duckdb"
        self._statements = ["--statements", statements] if statements else []
        self._batch = 1
        measure([BIN / "segmentloom-sync", "init", self.project], folder)
        profiles = self.project / "profiles.yml"
        limited = f"config_options:\n        memory_limit: {memory}"
        profiles.write_text(profiles.read_text().replace("config_options:", limited))
        only = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
        measure([BIN / "dbt", "build", *only], self.project)

    def runs(self, links: float, *, show: bool, check: bool) -> Iterator[Run]:
        """Every run, in order; raises AssertionError where a full one gives another state."""
        file = self.folder / "links.parquet"
        measure([NUMPY, HERE / "links.py", "--links", str(links), file], self.folder)
        shares = {"1 % new": 1_000, "0.1 % new": 100, "0.01 % new": 10}
        known = SLICES - sum(shares.values())
        steps = [("full", 0, known), ("nothing new", 0, 0)]
        for name, share in shares.items():
            steps.append((name, known, share))
            known += share
        full: Run | None = None
        steps.append(("one unmerged", 0, 0))
        if check:
            steps.append(("full again", 0, 0))
        for name, first, count in steps:
            events = self._add_events(file, first, count) if count else 0
            if name == "one unmerged":
                self._execute(UNMERGE)
            before = self._execute(STATE) if name == "full again" else None
            run = self._run(name, events, *(["--full-refresh"] if name.startswith("full") else []))
            full = full or run
            if show:
                self._print(run, full)
            yield run
            assert before is None or self._execute(STATE) == before, "derived anew, the state is another"

    def _run(self, name: str, events: int, *flags: str) -> Run:
        program: list[str | Path] = [sys.executable, HERE / "dbt_nodes.py", *self._statements]
        command = [*program, "run", "--threads", "1", *flags, "--select", *MODELS]
        took = json.loads(measure(command, self.project).output.splitlines()[-1])
        nodes = took["nodes"].values()
        return Run(
            name,
            events,
            sum(node["cpu"] for node in nodes),
            sum(node["wall"] for node in nodes),
            took["peak"],
            sum(node["statements"] for node in nodes),
            took,
        )

    def _print(self, run: Run, full: Run) -> None:
        part = f"1/{full.cpu / run.cpu:.1f}" if run.name != "full" else ""
        print(
            f"{run.name:<14}{run.events:>12,} events{run.cpu:>8.2f} CPU s{part:>9}"
            f"{run.wall:>8.1f} wall s{run.peak:>8,.0f} MB{run.statements:>5} statements  ",
            *run.detail["logged"],
            flush=True,
        )
        for node, seconds, sql in run.detail["statements"]:
            print(f"    {seconds:>7.2f}  {node}  {sql[:160]}")

    def _add_events(self, file: Path, first: int, count: int) -> int:
        self._batch += 1
        added = self._execute(EVENTS, str(file), SLICES, first, first + count - 1, self._batch)
        self._execute(PROGRESS, self._batch)
        return int(added[0][0])

    def _execute(self, sql: str, *values: Any) -> list[Any]:
        with duckdb.connect(str(self.warehouse)) as connection:
            found: list[Any] = connection.execute(sql, list(values)).fetchall()
        return found


if __name__ == "__main__":
    main()
