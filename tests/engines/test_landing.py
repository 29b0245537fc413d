"""The same files land alike on each engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.errors import WarehouseError
from segmentloom_sync.landing import refused
from segmentloom_sync.landing.files import find
from segmentloom_sync.landing.load import Loaded, Loader
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Engine, Statement, Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.engines.conftest import NewWorkspace

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ODD = 'it\'s "odd" \\ : caffè ☕ \u2028 {{ x }}'
ORDER = {
    "messageId": "m1",
    "type": "track",
    "event": ODD,
    "userId": "u1",
    "timestamp": "2026-11-19T23:30:00.500Z",
    "properties": {
        "text": ODD,
        "small": 1e-7,
        "large": 12345678901234567890,
        "exact": 0.1,
        "list": [1, {"a": None}],
    },
    "context": {"ip": "203.0.113.9"},
}
LINES = [
    json.dumps(ORDER),
    json.dumps({"batch": [{"event": "Viewed", "user_id": "u2", "message_id": f"b{n}"} for n in range(3)]}),
    "{broken",
    json.dumps({**ORDER, "event": "Late"}),
    json.dumps({"type": "identify", "user_id": "u3", "traits": {"email": "Ann@Example.com"}}),
]


@pytest.fixture
def warehouse(engine: Engine, new_workspace: NewWorkspace) -> Iterator[Warehouse]:
    connected = connect(Project.find(new_workspace(engine).path))
    yield connected
    connected.close()


def write(folder: Path, *lines: str) -> Path:
    path = folder / "events.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def load(warehouse: Warehouse, path: Path) -> Loaded:
    loader = Loader(warehouse, "shop", lambda: NOW)
    [file] = find([str(path)])
    return loader.load(file, lambda _: None)


def counts(warehouse: Warehouse) -> list[int]:
    relations = [warehouse.relation(name, "raw") for name in ("events", "rejected_events", "loads")]
    return [int(warehouse.rows(f"select count(*) from {relation}")[0][0]) for relation in relations]


def test_a_file_lands_once_with_all_its_values(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write(tmp_path, *LINES)

    assert load(warehouse, path) == Loaded(7, 5, 1, 1, {refused.NOT_JSON: 1})
    assert load(warehouse, path) == Loaded(7, 0, 6, 1, {refused.NOT_JSON: 1})
    assert counts(warehouse) == [6, 1, 1]

    events = warehouse.relation("events", "raw")
    [row] = warehouse.rows(
        f"select event, user_id, occurred_at, received_at, loaded_at, sent_at, event_date, ip, properties "
        f"from {events} where event_id = :id and line_number = 1",
        id="m1",
    )
    assert row[:-1] == (
        ODD, "u1", datetime(2026, 11, 19, 23, 30, 0, 500_000, UTC), NOW, NOW, None,
        datetime(2026, 11, 19, tzinfo=UTC).date(), "203.0.113.9",
    )  # fmt: skip
    assert json.loads(row[-1]) == ORDER["properties"]
    assert warehouse.rows(f"select email from {events} where type = 'identify'") == [("ann@example.com",)]
    rejected = warehouse.relation("rejected_events", "raw")
    assert warehouse.rows(f"select source_id, line_number, reason, raw, loaded_at from {rejected}") == [
        ("shop", 3, refused.NOT_JSON, "{broken", NOW)
    ]
    loads = warehouse.relation("loads", "raw")
    assert warehouse.rows(f"select read, landed, duplicates, rejected from {loads}") == [(7, 5, 1, 1)]


def test_more_than_one_part_lands_whole(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write(
        tmp_path, *(json.dumps({"event": "x", "user_id": "u", "message_id": f"m{n}"}) for n in range(21_000))
    )
    assert load(warehouse, path).landed == 21_000
    assert counts(warehouse) == [21_000, 0, 1]


class _Broken:
    """A warehouse that refuses the last statement of a change."""

    def __init__(self, whole: Warehouse) -> None:
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def apply(self, statements: list[Statement]) -> None:
        self._whole.apply([*statements, Statement("insert into no_such_table values (1)")])


def test_a_failure_leaves_nothing_half_landed(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write(tmp_path, *LINES)
    broken: Any = _Broken(warehouse)

    with pytest.raises(WarehouseError):
        load(broken, path)
    assert counts(warehouse) == [0, 0, 0]

    assert load(warehouse, path).landed == 5
    assert counts(warehouse) == [6, 1, 1]


def test_a_transaction_that_is_sent_twice_lands_once(warehouse: Warehouse, tmp_path: Path) -> None:
    twice: Any = _Twice(warehouse)
    assert load(twice, write(tmp_path, *LINES)).landed == 5
    assert counts(warehouse) == [6, 1, 1]


class _Twice(_Broken):
    """A warehouse whose answer got lost, so that the change is sent again."""

    def apply(self, statements: list[Statement]) -> None:
        self._whole.apply(statements)
        self._whole.apply(statements)
