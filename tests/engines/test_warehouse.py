"""What every warehouse must do alike, on each engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest

from segmentloom_sync.errors import WarehouseError
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse import arrow
from segmentloom_sync.warehouse.base import Columns, Engine, Statement, Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.engines.conftest import NewWorkspace

COLUMNS: Columns = {
    "name": "string",
    "position": "integer",
    "ratio": "number",
    "is_new": "boolean",
    "happened_at": "timestamp",
    "day": "date",
    "details": "json",
}
NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
NASTY = 'it\'s "quoted" \\ back, tab\t, line\nbreak, caffè ☕, :name, {{ jinja }}'


@pytest.fixture
def warehouse(engine: Engine, new_workspace: NewWorkspace) -> Iterator[Warehouse]:
    workspace = new_workspace(engine)
    connected = connect(Project.find(workspace.path))
    yield connected
    connected.close()


def batch(count: int, first: int = 0) -> pa.RecordBatch:
    rows = [
        {
            "name": NASTY if number % 2 else None,
            "position": number,
            "ratio": number / 4,
            "is_new": number % 3 == 0,
            "happened_at": NOON + timedelta(seconds=number),
            "day": date(2026, 11, 20),
            "details": json.dumps({"note": NASTY, "n": number}) if number % 2 else None,
        }
        for number in range(first, first + count)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=arrow.schema(COLUMNS))


def land(warehouse: Warehouse, *batches: pa.RecordBatch) -> str:
    """Stage the rows, move them into the table `things`, and return its relation."""
    warehouse.ensure_table("things", "raw", COLUMNS)
    things = warehouse.relation("things", "raw")
    staged = warehouse.stage("staged_things", "raw", COLUMNS, batches)
    listed = ", ".join(COLUMNS)
    values = listed.replace("details", warehouse.json_from_text("details"))
    warehouse.apply([Statement(f"insert into {things} ({listed}) select {values} from {staged}")])
    warehouse.drop(staged)
    return things


def test_staged_rows_come_back_as_they_went_in(warehouse: Warehouse) -> None:
    things = land(warehouse, batch(3), batch(2, first=3))

    rows = warehouse.rows(
        f"select name, position, ratio, is_new, happened_at, day from {things} order by position"
    )

    assert rows == [
        (NASTY if n % 2 else None, n, n / 4, n % 3 == 0, NOON + timedelta(seconds=n), date(2026, 11, 20))
        for n in range(5)
    ]


def test_json_comes_back_as_compact_text(warehouse: Warehouse) -> None:
    things = land(warehouse, batch(2))

    rows = warehouse.rows(f"select details from {things} order by position")

    assert rows[0] == (None,)
    assert json.loads(rows[1][0]) == {"note": NASTY, "n": 1}


def test_staging_again_replaces(warehouse: Warehouse) -> None:
    warehouse.stage("again", "raw", COLUMNS, [batch(5)])
    staged = warehouse.stage("again", "raw", COLUMNS, [batch(2)])
    assert warehouse.rows(f"select count(*) from {staged}") == [(2,)]

    warehouse.drop(staged)
    same = warehouse.stage("again", "raw", COLUMNS, [batch(2)])
    assert warehouse.rows(f"select count(*) from {same}") == [(2,)]
    warehouse.drop(same)


def test_a_query_fills_a_scratch_table_and_replaces_what_it_held(warehouse: Warehouse) -> None:
    things = land(warehouse, batch(4))
    query = f"select position from {things} where position < :limit"

    kept = warehouse.scratch_table_as("kept", "raw", Statement(query, {"limit": 3}))
    assert warehouse.rows(f"select count(*) from {kept}") == [(3,)]

    again = warehouse.scratch_table_as("kept", "raw", Statement(query, {"limit": 1}))
    assert again == kept
    assert warehouse.rows(f"select position from {kept}") == [(0,)]
    warehouse.drop(kept)


def test_no_rows_can_be_staged(warehouse: Warehouse) -> None:
    staged = warehouse.stage("nothing", "raw", COLUMNS, [])
    assert warehouse.rows(f"select count(*) from {staged}") == [(0,)]


def test_parameters_are_values_whatever_they_hold(warehouse: Warehouse) -> None:
    things = land(warehouse, batch(2))

    found = warehouse.rows(
        f"select ':name', position::bigint from {things} where name = :name and happened_at = :at"
        if warehouse.engine != "bigquery"
        else f"select ':name', position from {things} where name = :name and happened_at = :at",
        name=NASTY,
        at=(NOON + timedelta(seconds=1)).astimezone(timezone(timedelta(hours=-7))),
    )

    assert found == [(":name", 1)]


def test_changes_count_rows_and_take_nulls(warehouse: Warehouse) -> None:
    things = land(warehouse, batch(4))

    changed = warehouse.execute(
        f"update {things} set ratio = :ratio, name = :name where position < :limit",
        ratio=0.5,
        name=None,
        limit=3,
    )

    assert changed == 3
    assert warehouse.rows(f"select count(*) from {things} where name is null and ratio = 0.5") == [(3,)]
    assert warehouse.execute(f"delete from {things} where position = :n", n=99) == 0


def test_apply_is_all_or_nothing(warehouse: Warehouse) -> None:
    things = land(warehouse, batch(1))
    insert = f"insert into {things} (position) values (:n)"

    with pytest.raises(WarehouseError):
        warehouse.apply([Statement(insert, {"n": 7}), Statement(f"delete from {things} where no_column = 1")])
    assert warehouse.rows(f"select count(*) from {things}") == [(1,)]

    warehouse.apply([Statement(insert, {"n": 7}), Statement(insert, {"n": 8})])
    assert warehouse.rows(f"select position from {things} order by position") == [(0,), (7,), (8,)]


def test_batches_have_the_exact_size_and_leave_the_connection_free(warehouse: Warehouse) -> None:
    things = land(warehouse, batch(25))
    positions: list[int] = []
    sizes: list[int] = []

    for part in warehouse.batches(
        f"select position, happened_at from {things} where position >= :n order by position", 7, n=2
    ):
        assert part.schema.names == ["position", "happened_at"]
        assert part.schema.field("happened_at").type == pa.timestamp("us", tz="UTC")
        sizes.append(part.num_rows)
        positions += part.column("position").to_pylist()
        warehouse.execute(f"update {things} set ratio = 9.0 where position = :n", n=positions[-1])

    assert positions == list(range(2, 25))
    assert sizes == [7, 7, 7, 2]


def test_a_table_gains_missing_columns_and_keeps_its_rows(warehouse: Warehouse) -> None:
    things = land(warehouse, batch(1))

    warehouse.ensure_table("things", "raw", {**COLUMNS, "added_at": "timestamp"})

    assert warehouse.rows(f"select position, added_at from {things}") == [(0, None)]


def test_existence(warehouse: Warehouse) -> None:
    assert not warehouse.exists("things", "raw")
    warehouse.ensure_table("things", "raw", COLUMNS)
    assert warehouse.exists("things", "raw")
    assert not warehouse.exists("things")


def test_refusals_name_no_values(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError) as caught:
        warehouse.rows("select cast(concat('ann@example.com', '') as date)")

    assert "ann" not in str(caught.value)
    assert caught.value.__cause__ is None
