"""The SQL of `identity plan` and `identity check` on each engine: the same differences, the same changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from segmentloom_sync.identity.check_full import compare
from segmentloom_sync.identity.check_sample import check_drawn
from segmentloom_sync.identity.identifier import parse_identifier
from segmentloom_sync.identity.planned_conflicts import ConflictChange, conflict_changes
from segmentloom_sync.identity.planned_profiles import profile_changes
from segmentloom_sync.identity.recompute import Limits, key_of
from segmentloom_sync.identity.state import STATE_TABLES, StateTable
from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Area, Columns, LogicalType, Statement, Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.identity_tables import profile_id
from tests.workspace import Workspace

pytestmark = pytest.mark.slow

START = datetime(2026, 7, 1, 10, tzinfo=UTC)
ANN, ADDRESS, PHONE, OLD = "user_id:ann", "email:ann@x.org", "anonymous_id:phone", "user_id:old"
TEXT: Columns = dict.fromkeys(("identifier_type", "identifier_value", "other_type", "other_value"), "string")
NUMBERS = {"rank_on_event", "line_number", "component_key", "link_limit"}


def kind_of(table: StateTable, column: str) -> LogicalType:
    if column in table.json:
        return "json"
    if column.endswith("_at"):
        return "timestamp"
    if column.endswith(("_count", "_key")) or column in NUMBERS:
        return "integer"
    if column.startswith("is_"):
        return "boolean"
    return "date" if column == "event_date" else "string"


VALUES: dict[LogicalType, Any] = {
    **{"string": "a", "integer": 1, "timestamp": START, "boolean": True},
    **{"date": START.date(), "json": '{"b":1,"a":[true]}'},
}


@pytest.fixture
def warehouse(engine_workspace: Workspace) -> Iterator[Warehouse]:
    """The tables of state, live and of a second build, all empty."""
    with closing(connect(Project.find(engine_workspace.path, engine_workspace.path))) as opened:
        opened.drop_schema("plan")
        areas: tuple[Area, ...] = ("", "plan")
        for area in areas:
            for table in STATE_TABLES:
                columns = (*table.key, *table.columns, *table.json)
                opened.ensure_table(table.name, area, {name: kind_of(table, name) for name in columns})
            opened.ensure_table("identity_conflicts", area, {**TEXT, "rule": "string"})
        for name in ("int_segmentloom__blocked_identifiers", "identity_overrides"):
            opened.ensure_table(name, "", columns_of(name))
        yield opened
        opened.drop_schema("plan")


def columns_of(name: str) -> Columns:
    if name == "identity_overrides":
        words = ("override_id", "action", "reason", "requested_by", "merge_id", "applied_run_id")
        return {**TEXT, **dict.fromkeys(words, "string"), "decided_at": "timestamp"}
    return {"identifier_type": "string", "identifier_value": "string"}


def insert(warehouse: Warehouse, table: str, values: Mapping[str, Any], area: Area = "") -> None:
    texts = {name: f":{name}" for name in values}
    for name in values.keys() & {"properties", "traits", "context"}:
        texts[name] = warehouse.json_from_text(f":{name}")
    warehouse.apply(
        [
            Statement(
                f"insert into {warehouse.relation(table, area)} ({', '.join(values)}) "
                f"select {', '.join(texts.values())}",
                values,
            )
        ]
    )


@pytest.mark.parametrize("table", STATE_TABLES, ids=lambda table: table.name)
def test_tables_are_compared_row_by_row(
    warehouse: Warehouse, engine_workspace: Workspace, table: StateTable
) -> None:
    macros = MacroRenderer(Project.find(engine_workspace.path, engine_workspace.path), warehouse)
    columns = (*table.key, *table.columns, *table.json)
    row = {name: VALUES[kind_of(table, name)] for name in columns}
    insert(warehouse, table.name, row)
    insert(warehouse, table.name, row, "plan")
    assert compare(warehouse, macros, table).total == 0
    last = columns[-1]
    insert(warehouse, table.name, row)
    other = {**row, table.key[0]: 2 if kind_of(table, table.key[0]) == "integer" else "b"}
    insert(warehouse, table.name, other, "plan")
    insert(warehouse, table.name, {**other, last: None})
    found = compare(warehouse, macros, table)
    assert (found.missing, found.extra, found.different, dict(found.columns)) == (0, 1, 1, {last: 1})
    assert [example["is"] for example in found.examples] == ["different", "extra"]


def test_profiles_and_conflicts_are_compared(warehouse: Warehouse) -> None:
    maps: dict[Area, list[list[int]]] = {"": [[1, 2], [3]], "plan": [[1], [2], [3, 4]]}
    for area, groups in maps.items():
        for group in groups:
            head = f"p{group[0]}"
            for number in group:
                row = {
                    **{"identifier_key": number, "identifier_type": "user_id", "component_key": group[0]},
                    **{"identifier_value": str(number), "first_seen_at": START + timedelta(hours=number)},
                    "profile_id": head,
                }
                insert(warehouse, "int_segmentloom__identity_map", row, area)
            size = {"profile_id": head, "identifier_count": len(group), "is_quarantined": False}
            insert(warehouse, "profiles", size, area)
    refused = {
        **{"rule": "kiosk", "identifier_type": "anonymous_id", "identifier_value": "d"},
        **{"other_type": "user_id", "other_value": "1"},
    }
    insert(warehouse, "identity_conflicts", refused, "plan")
    found = profile_changes(warehouse, 10, 1)
    assert dict(found.counts) == {"merge": 0, "split": 1, "rename": 0, "gone": 0, "new": 0}
    [split] = found.document()["splits"]
    assert (split["from"], split["to"], split["by_type"]) == ("p1", "p2", {"user_id": 1})
    assert [entry["value"] for entry in split["examples"]] == ["2"]
    assert conflict_changes(warehouse) == [ConflictChange("kiosk", 1, 0, 1, 0)]


def test_views_exist_as_tables_do(warehouse: Warehouse) -> None:
    warehouse.execute(
        f"create view {warehouse.relation('profile_ids', 'plan')} as "
        f"select profile_id from {warehouse.relation('profiles')}"
    )
    assert warehouse.exists("profile_ids", "plan")
    assert not warehouse.exists("profile_ids")


def test_a_sample_is_recomputed_from_the_events(warehouse: Warehouse, engine_workspace: Workspace) -> None:
    blocked = {"identifier_type": "email", "identifier_value": "guest@x.org"}
    insert(warehouse, "int_segmentloom__blocked_identifiers", blocked)
    events = [
        {"user_id": "ann", "email": "ann@x.org", "context": '{"gpc":true}'},
        {"user_id": "ann", "email": "Guest@x.org", "anonymous_id": "phone"},
        {"user_id": "ann", "previous_id": "old", "type": "alias"},
    ]
    for number, event in enumerate(events):
        row = {
            **{"source_id": "shop", "event_id": f"e{number}", "type": "track", "owner_type": "user_id"},
            **{"owner_value": "ann", "occurred_at": START + timedelta(hours=number)},
        }
        insert(warehouse, "events", {**row, **event})
    macros = MacroRenderer(Project.find(engine_workspace.path, engine_workspace.path), warehouse)

    def differences() -> dict[str, tuple[int, int, int]]:
        done = check_drawn(warehouse, macros, Limits(), sample=5, seed=1)
        return {table.table: (table.missing, table.extra, table.different) for table in done.tables}

    # All is lost: of that, who owns events is looked at.
    lost = differences()
    assert lost["int_segmentloom__sightings"] == (1, 0, 0)
    assert lost["int_segmentloom__event_links"] == (2, 0, 0)
    assert lost["int_segmentloom__identity_map"] == (1, 0, 0)
    assert lost["profiles"] == (0, 0, 0)
    _fill(warehouse)
    found = differences()
    assert found.pop("int_segmentloom__identity_map, causes") == (1, 1, 0)
    assert set(found.values()) == {(0, 0, 0)}
    warehouse.execute(f"update {warehouse.relation('profiles')} set is_opted_out = false where true")
    assert differences()["profiles"] == (0, 0, 1)


def _fill(warehouse: Warehouse) -> None:
    """The right state, but for one cause that names the link the wrong way."""
    times = {"first_seen_at": START, "last_seen_at": START + timedelta(hours=2)}
    rows = {
        ANN: (1, 0, 2, 3, 3, 1),
        ADDRESS: (2, 0, 0, 1, 0, 1),
        PHONE: (3, 1, 1, 1, 0, 0),
        OLD: (4, 2, 2, 0, 0, 0),
    }
    # Ann and her address were first seen at once; by its type the address is the older.
    causes = {ANN: (1, 2), PHONE: (1, 3), OLD: (4, 1), ADDRESS: (None, None)}
    for text, (key, first, last, events, owned, gpc) in rows.items():
        identifier = parse_identifier(text)
        row = {
            **{"identifier_key": key, "identifier_type": identifier.type},
            **{"identifier_value": identifier.value, "event_count": events, "owned_event_count": owned},
            **{"gpc_event_count": gpc, "first_seen_at": START + timedelta(hours=first)},
            "last_seen_at": START + timedelta(hours=last),
        }
        if text != OLD:
            insert(warehouse, "int_segmentloom__sightings", row)
        one, other = causes[text]
        place = {
            **{"profile_id": profile_id(ADDRESS), "component_key": 2},
            **{"cause_identifier_key": one, "cause_other_key": other},
        }
        insert(warehouse, "int_segmentloom__identity_map", {**row, **place})
    for number, text in enumerate((ADDRESS, PHONE)):
        far = parse_identifier(text)
        link = {
            **{"identifier_key": 1, "other_key": number + 2, "identifier_type": "user_id"},
            **{"identifier_value": "ann", "other_type": far.type, "other_value": far.value},
            **{"first_seen_at": START + timedelta(hours=number), "source_id": "shop"},
            "event_id": f"e{number}",
        }
        insert(warehouse, "int_segmentloom__event_links", link)
    profile = {
        **{"profile_id": key_of(parse_identifier(ADDRESS)), **times, "event_count": 3, "identifier_count": 4},
        **{"user_id": "old", "email": "ann@x.org", "is_opted_out": True, "is_quarantined": False},
    }
    insert(warehouse, "profiles", profile)
