"""From landed events to profiles, as a user runs it: `dbt build` at first, with nothing new, with 1 % more.

    python benchmarks/stitch_shop.py --identifies 1e6

Three devices per person, each device identified once and seen twice; 500 persons who share info@, 200 on one
tablet. What is measured is the process of dbt, from outside, its start included: wall time, CPU, memory.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import duckdb
from measure import Measure, measure

from segmentloom_sync.landing.tables import EVENT_COLUMNS, EVENTS, LOAD_COLUMNS, LOADS
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect

BIN = Path(sys.executable).parent
WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
WITH_TESTS = ("--indirect-selection", "cautious")
SHARING, ON_TABLET = 500, 200
LAND = """
insert into segmentloom_raw.events by name
with identifies as (
    select
        number,
        'identify' as type,
        'user-' || person as user_id,
        case when person < $sharing then 'info' else 'person' || person end || '@example.com' as email,
        case
            when number % 3 = 0 and person between $sharing and $sharing + $on_tablet then 'tablet'
            else md5('device-' || number)
        end as anonymous_id,
        json_object('plan', ['free', 'plus', 'team'][1 + number % 3], 'city', 'City ' || number % 100)
            as traits
    from (select number, number // 3 as person from range($first, $first + $count) as numbers (number))
),
tracks as (
    select
        number + 10 * $count as number,
        'track' as type,
        ['Product Viewed', 'Product Added', 'Order Completed'][1 + number % 3] as event,
        md5('device-' || number // 2) as anonymous_id,
        json_object('product', 'P' || number % 1000, 'revenue', number % 10000 / 100) as properties
    from range(2 * $first, 2 * $first + 2 * $count) as numbers (number)
),
final as (
    select * exclude (number), number, null as event, null as properties from identifies
    union all by name
    select * from tracks
)
select
    * exclude (number),
    md5($load || number) as event_id,
    'shop' as source_id,
    timestamp '2026-01-01' + to_microseconds(number * 2654435761 % 7776000000000) as occurred_at,
    cast($loaded as timestamp) as received_at,
    received_at as loaded_at,
    cast(occurred_at as date) as event_date,
    $load as load_id,
    row_number() over () as line_number
from final
"""
MANIFEST = """
insert into segmentloom_raw.loads by name
select
    load_id, source_id, load_id || '.jsonl' as file_name, load_id as file_digest, max(loaded_at) as loaded_at,
    count(*) as read, count(*) as landed, 0 as duplicates, 0 as rejected
from segmentloom_raw.events
where load_id = ?
group by load_id, source_id
"""
COUNTS = """
select
    (select count(*) from segmentloom.events),
    (select count(*) from segmentloom.identifiers),
    (select count(*) from segmentloom.profiles)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--identifies", type=float, default=1e6)
    count = int(parser.parse_args().identifies)
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder) / "project")
        shop.land("first", 0, count, "2026-04-01")
        full = shop.build("first build")
        shop.build("nothing new", full)
        shop.land("second", count, count // 100, "2026-04-02")
        shop.build("1 % more", full)
        shop.build("nothing new, with tests", full, tests=True)


class Shop:
    """A project, and the events that were landed in it."""

    def __init__(self, project: Path) -> None:
        self._project, self._warehouse = project, project / "warehouse.duckdb"
        measure([BIN / "segmentloom-sync", "init", project], project.parent)
        with closing(connect(Project.find(project, project))) as warehouse:
            warehouse.ensure_table(EVENTS, "raw", EVENT_COLUMNS)
            warehouse.ensure_table(LOADS, "raw", LOAD_COLUMNS)

    def land(self, load: str, first: int, count: int, day: str) -> None:
        """Land so many identifies from the given number on, and twice as many tracks, as one load."""
        values = {"load": load, "first": first, "count": count, "loaded": day}
        values |= {"sharing": SHARING, "on_tablet": ON_TABLET}
        with duckdb.connect(str(self._warehouse)) as connection:
            connection.execute(LAND, values)
            connection.execute(MANIFEST, [load])

    def build(self, name: str, full: Measure | None = None, *, tests: bool = False) -> Measure:
        """Build everything from the events to the profiles, and print what it took."""
        which = WITH_TESTS if tests else WITHOUT_TESTS
        took = measure([BIN / "dbt", "build", *which, "--select", "+segmentloom__profiles"], self._project)
        with duckdb.connect(str(self._warehouse), read_only=True) as connection:
            events, identifiers, profiles = connection.execute(COUNTS).fetchall()[0]
        part = f"wall 1/{full.wall / took.wall:.1f}, CPU 1/{full.cpu / took.cpu:.1f}" if full else ""
        print(
            f"{name:<24}{took.wall:>7.1f} wall s{took.cpu:>8.1f} CPU s{took.peak:>8,.0f} MB  {part:<24}"
            f"{events:>10,} events{identifiers:>10,} identifiers{profiles:>9,} profiles",
            flush=True,
        )
        return took


if __name__ == "__main__":
    main()
