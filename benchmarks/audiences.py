"""What audiences cost, many beside few, an hour later beside anew, and beside one query for each.

    python benchmarks/audiences.py --events 2e7 --audiences 25 100 400 [--direct 0.125]

Events of 90 days and their profiles are laid where the models of events and identity would have put them.
Then dbt runs the models from there on: everything anew, and an hour later. CPU is that of the models, in a
process per run; dbt's own start is not in it. Evaluation says who is in, publication writes every member
down, tests are those of the models that audiences read. Beside it: a pass over the columns that counting
reads, a count by event and owner, and audiences one by one, from the events. A further hour runs with
DuckDB's profiler, which says how many events are read.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import yaml
from many_audiences import NAMES, audiences
from measure import measure

from segmentloom_sync.audiences.library import load_audiences
from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project, ProjectFolder
from segmentloom_sync.warehouse.duckdb import DuckDb

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
END = datetime(2026, 6, 1, 12, 30)
DAYS = 90
PARTS = {
    "tests": ("unique_", "not_null_"),
    "audiences": ("audience_",),
    "publication": ("on-run-end",),
    "counts": ("count",),
}
"""Which part of the cost a node belongs to, by what is in its name; the others are conditions."""
EVALUATION = ("counts", "conditions", "audiences")
"""The parts that find who is in; publication writes every member down, and tests read tables whole."""
EVENTS = """
insert into segmentloom.events by name
with numbered as (
    select
        range as number,
        cast(floor(pow(random(), 1.6) * $profiles) as bigint) as owner_key,
        cast(floor(pow(random(), 2.2) * 20) as int) as name,
        random() as size,
        cast(floor(random() * 50) as int) as category,
        cast(floor(random() * 5) as int) as country
    from range($first, $last)
)
select
    'e' || number as event_id,
    'shop' as source_id,
    'track' as type,
    list_extract($names, name + 1) as event,
    $start + to_microseconds(cast((number - $first) * ($microseconds / ($last - $first)) as bigint))
        as occurred_at,
    cast(
        '{"amount": ' || round(200 * size, 2) || ', "category": "cat' || category || '", "country": "'
        || list_extract(['US', 'DE', 'FR', 'GB', 'IT'], country + 1) || '"}' as json
    ) as properties,
    'user_id' as owner_type,
    'u' || owner_key as owner_value,
    owner_key,
    cast(occurred_at as date) as event_date,
    $batch as batch
from numbered
"""
PROFILES = """
insert into segmentloom.int_segmentloom__identity_map by name
select range as identifier_key, 'user_id' as identifier_type, 'u' || range as identifier_value,
    printf('%032x', range) as profile_id, range as component_key, 1 as batch
from range($profiles);
insert into segmentloom.profiles by name
select printf('%032x', range) as profile_id,
    cast(
        '{"subscriber": ' || (hash(range, 1) % 3 = 0)
        || ', "vip": ' || (hash(range, 2) % 20 = 0) || '}' as json
    ) as traits
from range($profiles);
"""
PROGRESS = """
insert into segmentloom.int_segmentloom__progress by name
select * replace (entry + 1 as entry, $batch as batch, 'laid' as generation)
from segmentloom.int_segmentloom__progress
where consumer in ('segmentloom__events', 'int_segmentloom__profile_changes', 'segmentloom__profiles')
qualify row_number() over (partition by consumer order by entry desc) = 1
"""
PROFILED = ("OPERATOR_NAME", "OPERATOR_TYPE", "OPERATOR_CARDINALITY", "OPERATOR_ROWS_SCANNED", "EXTRA_INFO")
LIMITS = {
    "pass over the columns": (
        "select count(event), sum(owner_key), max(occurred_at), max(properties->>'$.amount')"
        " from segmentloom.events"
    ),
    "count by event and owner": (
        "select count(*) from (select event, owner_key, count(*) from segmentloom.events group by 1, 2)"
    ),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=float, default=2e6)
    parser.add_argument("--audiences", type=int, nargs="+", default=[25, 100])
    parser.add_argument("--memory", default="8GB", help="DuckDB's memory_limit")
    parser.add_argument(
        "--one-by-one", type=int, default=5, help="how many audiences to count straight from the events"
    )
    parser.add_argument(
        "--direct", type=float, default=0, help="share of the conditions on events that no count answers"
    )
    size = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), int(size.events), size.memory)
        print(f"{int(size.events):,} events, {bench.profiles:,} profiles")
        for name, seconds in bench.limits():
            print(f"{name:<28}{seconds:>8.2f} CPU s", flush=True)
        for number in size.audiences:
            for line in bench.runs(audiences(number, size.direct), size.one_by_one):
                print(line, flush=True)


class Bench:
    """A project whose events and profiles are laid by hand."""

    def __init__(self, folder: Path, events: int, memory: str) -> None:
        self.project = folder / "project"
        self.warehouse = self.project / "warehouse.duckdb"
        self.profiles = events // 50
        self._hourly = events // (DAYS * 24)
        self._events, self._batch, self._end = events, 1, END
        measure([BIN / "segmentloom-sync", "init", self.project], folder)
        profiles = self.project / "profiles.yml"
        limited = f"config_options:\n        memory_limit: {memory}"
        profiles.write_text(profiles.read_text().replace("config_options:", limited))
        self._profile = folder / "profile.json"
        self._add_profiled_target(profiles)
        for file in (self.project / "audiences").glob("*.yml"):
            file.unlink()
        self._dbt("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
        self._lay(events, END - timedelta(days=DAYS), timedelta(days=DAYS))
        for statement in PROFILES.split(";")[:2]:
            self._execute(statement, profiles=self.profiles)

    def _add_profiled_target(self, profiles: Path) -> None:
        document = yaml.safe_load(profiles.read_text())
        [profile] = document.values()
        settings = {
            "enable_profiling": "json",
            "profiling_output": str(self._profile),
            "custom_profiling_settings": json.dumps(dict.fromkeys(PROFILED, "true")),
        }
        outputs = profile["outputs"]
        outputs["profiled"] = {**outputs[profile["target"]], "settings": settings}
        profiles.write_text(yaml.safe_dump(document))

    def limits(self) -> Iterator[tuple[str, float]]:
        """What the least costs that has to be done."""
        for name, sql in LIMITS.items():
            with duckdb.connect(str(self.warehouse), config={"threads": 2}) as connection:
                began = time.process_time()
                connection.execute(sql).fetchall()
                yield name, time.process_time() - began

    def runs(self, files: dict[str, Any], one_by_one: int) -> Iterator[str]:
        """Everything anew and an hour later, for these audiences."""
        number = len(files)
        for name, file in files.items():
            (self.project / "audiences" / f"{name}.yml").write_text(json.dumps(file))
        measure([BIN / "segmentloom-sync", "compile", "--project-dir", self.project], self.project)
        full = self._run("--full-refresh")
        yield self._line(f"{number} audiences anew", full, full)
        each = self._one_by_one(one_by_one) * number
        ratio = each / full["evaluation"]
        yield f"{'':<4}one query each, from {one_by_one} of them: {each:.1f} CPU s, {ratio:.1f}x"
        self._let_an_hour_pass()
        hour = self._run()
        yield self._line(f"{number} audiences, an hour later", hour, full)
        self._let_an_hour_pass()
        scanned = self._run("--target", "profiled", "--scans", "events", str(self._profile))["scanned"]
        share = {name: f"{100 * rows / self._events:.2f} %" for name, rows in scanned.items()}
        yield f"{'':<4}another: {share['rows']} of the events scanned, {share['handed_on']} handed on"

    def _let_an_hour_pass(self) -> None:
        before, self._end = self._end, self._end + timedelta(hours=1)
        self._lay(self._hourly, before, timedelta(hours=1))

    def _run(self, *flags: str) -> dict[str, Any]:
        program: list[str | Path] = [sys.executable, HERE / "dbt_nodes.py"]
        at = json.dumps({"segmentloom_as_of": self._end.isoformat()})
        command = [
            *program,
            "build",
            "--threads",
            "1",
            *flags,
            "--vars",
            at,
            "--select",
            "segmentloom.conditions",
            "tag:audience",
        ]
        took = json.loads(measure(command, self.project).output.splitlines()[-1])
        parts = dict.fromkeys((*EVALUATION, "publication", "tests"), 0.0)
        for name, node in took["nodes"].items():
            found = (part for part, marks in PARTS.items() if any(mark in name for mark in marks))
            parts[next(found, "conditions")] += node["cpu"]
        evaluation = sum(parts[part] for part in EVALUATION)
        cpu, kept = sum(parts.values()), {name: took[name] for name in ("peak", "scanned")}
        return {"cpu": cpu, "evaluation": evaluation, "parts": parts, **kept}

    @staticmethod
    def _line(name: str, run: dict[str, Any], full: dict[str, Any]) -> str:
        share = f"{100 * run['evaluation'] / full['evaluation']:.1f} %"
        parts = ", ".join(f"{part} {seconds:.2f}" for part, seconds in run["parts"].items())
        return (
            f"{name:<28}evaluation {run['evaluation']:>7.2f} CPU s{share:>9}, all {run['cpu']:>7.2f}"
            f"{run['peak']:>8,.0f} MB  ({parts})"
        )

    def _one_by_one(self, sample: int) -> float:
        folder = ProjectFolder.find(self.project)
        known = list(load_audiences(folder)[0].values())
        chosen = known[:: max(1, len(known) // sample)][:sample]
        with duckdb.connect(str(self.warehouse), config={"threads": 2}) as connection:
            project = SimpleNamespace(directory=self.project, name="shop", variables={}, target="dev")
            renderer = MacroRenderer(
                cast(Project, project),
                DuckDb(connection, "segmentloom", lambda: None),
                variables={"segmentloom_as_of": self._end.isoformat()},
            )
            began = time.process_time()
            for audience in chosen:
                connection.execute(
                    f"select count(*) from ({renderer.render('audience_members', audience.definition)})"
                ).fetchall()
            return (time.process_time() - began) / len(chosen)

    def _lay(self, events: int, start: datetime, span: timedelta) -> None:
        self._batch += 1
        first = self._events * self._batch
        step = 5_000_000
        for begin in range(0, events, step):
            end = min(begin + step, events)
            self._execute(
                EVENTS,
                profiles=self.profiles,
                first=first + begin,
                last=first + end,
                names=list(NAMES),
                batch=self._batch,
                start=start + span * (begin / events),
                microseconds=span / timedelta(microseconds=1) * (end - begin) / events,
            )
        self._execute(PROGRESS, batch=self._batch)

    def _dbt(self, *arguments: str) -> None:
        measure([BIN / "dbt", *arguments], self.project)

    def _execute(self, sql: str, **values: Any) -> None:
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(sql, values)


if __name__ == "__main__":
    main()
