"""Tables that a shop already has become events, with no copy of the instrumentation."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.workspace import Workspace, duckdb_output

SOURCES = [
    {
        "name": "orders",
        "kind": "custom",
        "relation": "shop.orders",
        "columns": {
            "user_id": "customer_no",
            "email": "mail",
            "occurred_at": "placed",
            "properties": {"amount": "amount", "Order ID": "order_no", "note": "note"},
        },
        "constants": {"event": "Order 'Completed'", "properties": {"channel": "store"}},
    },
    {
        "name": "legacy",
        "kind": "custom",
        "relation": {"schema": "shop", "identifier": "legacy"},
        "columns": {
            "event_id": "id",
            "type": "kind",
            "event": "name",
            "anonymous_id": "cookie",
            "occurred_at": "happened",
            "loaded_at": "synced",
            "properties": "payload",
            "traits": "person",
        },
    },
    {
        "name": "model",
        "kind": "custom",
        "relation": {"ref": "of_the_project"},
        "columns": {"user_id": "who", "occurred_at": "cast('2026-03-05' as date)"},
        "constants": {"type": "page"},
    },
]
TABLES = """
create schema shop;
create table shop.orders (
    order_no integer, customer_no integer, mail varchar,
    placed timestamptz, amount decimal(10, 2), note varchar
);
insert into shop.orders values
    (1, 7, ' Ann@Example.com ', '2026-03-01 10:00:00.000001+02', 12.50, 'it''s "fine"'),
    (1, 7, ' Ann@Example.com ', '2026-03-01 10:00:00.000001+02', 12.50, 'it''s "fine"'),
    (2, null, 'no address', '2026-03-02 00:00:00+00', 1, null),
    (3, 8, null, '2026-03-03 00:00:00+00', null, null);
create table shop.legacy (
    id varchar, kind varchar, name varchar, cookie varchar,
    happened varchar, synced timestamp, payload varchar, person json
);
insert into shop.legacy values
    ('a', 'Track', 'Viewed', E'\\t c1 ', '2026-03-01T10:00:00+02:00', '2026-03-09', '{"a": 1}', null),
    ('a', 'Track', 'Viewed again', 'c1', '2026-03-01T10:00:00+02:00', '2026-03-08', 'not json', null),
    ('b', 'identify', 'x', 'c1', '2026-03-01', '2026-03-08', '[1]',
     '{"email": " BO@example.com", "plan": null}'),
    ('c', 'track', 'Viewed', 'c1', 'yesterday', '2026-03-08', null, null),
    ('d', 'merge', null, 'c1', '2026-03-01', '2026-03-08', null, null),
    (null, null, 'Untyped', 'c2', '2026-03-01 10:00', '2026-03-08', null, null);
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with those tables, built in a session that is not in UTC."""
    path = tmp_path_factory.mktemp("sources") / "project"
    output = {**duckdb_output(path / "warehouse.duckdb"), "settings": {"TimeZone": "America/New_York"}}
    workspace = Workspace.create(path, output=output, variables={"segmentloom_sources": SOURCES})
    (path / "models" / "of_the_project.sql").write_text("select 'u9' as who")
    with duckdb.connect(str(path / "warehouse.duckdb")) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(TABLES)
    workspace.dbt("build", "--exclude-resource-type", "unit_test")
    return path / "warehouse.duckdb"


def _rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("use segmentloom")
        rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        return rows


def test_mapped_columns_become_events(database: Path) -> None:
    rows = _rows(
        database,
        "select source_id, type, event, occurred_at, user_id, email, anonymous_id, properties, traits"
        " from events order by source_id, occurred_at, event",
    )
    assert [(*row[:7], json.loads(row[7]), json.loads(row[8])) for row in rows] == [
        (
            "legacy",
            "identify",
            None,
            datetime(2026, 3, 1),
            None,
            "bo@example.com",
            "c1",
            {},
            {"email": " BO@example.com", "plan": None},
        ),
        ("legacy", "track", "Viewed again", datetime(2026, 3, 1, 8), None, None, "c1", {}, {}),
        ("legacy", "track", "Untyped", datetime(2026, 3, 1, 10), None, None, "c2", {}, {}),
        ("model", "page", "Page Viewed", datetime(2026, 3, 5), "u9", None, None, {}, {}),
        (
            *(
                "orders",
                "track",
                "Order 'Completed'",
                datetime(2026, 3, 1, 8, 0, 0, 1),
                "7",
                "ann@example.com",
                None,
            ),
            {"amount": 12.5, "Order ID": 1, "note": 'it\'s "fine"', "channel": "store"},
            {},
        ),
        (
            "orders",
            "track",
            "Order 'Completed'",
            datetime(2026, 3, 3),
            "8",
            None,
            None,
            {"Order ID": 3, "channel": "store"},
            {},
        ),
    ]


def test_a_row_without_an_event_id_gets_one_from_its_content(database: Path) -> None:
    said = {
        "context": {},
        "email": "Ann@Example.com",
        "event": "Order 'Completed'",
        "occurred_at": int(datetime(2026, 3, 1, 8, tzinfo=UTC).timestamp()) * 1_000_000 + 1,
        "properties": {"Order ID": 1, "amount": 12.5, "channel": "store", "note": 'it\'s "fine"'},
        "traits": {},
        "user_id": "7",
    }
    content = json.dumps(said, separators=(",", ":"))
    ids = [row[0] for row in _rows(database, "select event_id from events where user_id = '7'")]
    assert ids == [hashlib.sha256(content.encode()).hexdigest()]


def test_rows_that_lack_something_are_rejected_with_their_content(database: Path) -> None:
    rows = _rows(database, "select source_id, reason, raw from rejected_events order by source_id, reason")
    assert [row[:2] for row in rows] == [
        ("legacy", "unknown type"),
        ("legacy", "unreadable timestamp"),
        ("orders", "no identifier"),
    ]
    assert json.loads(rows[2][2])["properties"] == {"Order ID": 2, "amount": 1, "channel": "store"}


def test_events_of_sources_belong_to_profiles(database: Path) -> None:
    rows = _rows(
        database,
        "select user_id, email, event_count from profiles order by event_count, user_id nulls last, email",
    )
    assert rows == [
        ("7", "ann@example.com", 1),
        ("8", None, 1),
        ("u9", None, 1),
        (None, None, 1),
        (None, "bo@example.com", 2),
    ]
