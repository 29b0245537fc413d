"""The exports of seven products become events, each as its product means it: one build of all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.sources.freshness import source_states
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.expected_events import assert_as_expected, events
from tests.source_tables import make_table, make_tables, sources
from tests.workspace import Workspace

DAY = "2026-11-20 10:00:00"
SEGMENT = {"received_at": DAY, "event_text": "Order Completed", "event": "order_completed"}
MORE: list[dict[str, Any]] = [
    {"name": "sparse segment", "kind": "segment", "schema": "sparse", "event_tables": ["Order_Completed"]},
    {"name": "sparse posthog", "kind": "posthog", "relation": "more.posthog"},
    {"name": "sparse snowplow", "kind": "snowplow", "relation": "more.snowplow"},
    {"name": "sparse amplitude", "kind": "amplitude", "relation": "more.amplitude", "loaded_at": "Synced"},
    {
        "name": "original mixpanel",
        "kind": "mixpanel",
        "relation": "more.mixpanel",
        "time_zone": "Europe/Rome",
        "id_merge": "original",
    },
]
MORE.append(
    {
        "name": "visits",
        "kind": "custom",
        "relation": "more.visits",
        "columns": {
            "event_id": "id",
            "user_id": "id",
            "email": "email",
            "occurred_at": "seen_at",
            "properties": {"environment": "environment"},
            "context": {"user_agent": "browser"},
        },
        "constants": {"type": "page"},
    }
)
EXCLUDED: list[dict[str, Any]] = [
    {"name": "bots", "user_agent": "bots"},
    {"name": "tests", "sources": ["visits"], "where": [{"property": "environment", "in": ["test", "qa"]}]},
    {"name": "staff", "sources": "visits", "email_domain": "Shop.example"},
    {"name": "ids", "event": "Page Viewed", "user_id": ["by id"]},
    {"name": "other source", "sources": ["elsewhere"], "user_id": ["kept"]},
]
VISIT = {"seen_at": DAY, "email": "ann@example.com", "environment": "live", "browser": "Mozilla/5.0"}
TABLES: dict[str, list[dict[str, Any]]] = {
    "sparse.tracks": [
        {**SEGMENT, "id": "bare", "user_id": "u1"},
        {**SEGMENT, "id": "both", "user_id": "u1"},
        {**SEGMENT, "id": "future", "user_id": "u1", "timestamp": "2026-11-20 10:05:00.001"},
        {**SEGMENT, "id": "near", "user_id": "u1", "timestamp": "2026-11-20 10:05:00"},
    ],
    "sparse.order_completed": [
        {
            **SEGMENT,
            "id": "both",
            "user_id": "u1",
            "total": 5,
            "items": '[{"sku": 1}]',
            "note": "[sic",
            "context_traits": '{"plan": "pro"}',
        },
    ],
    "sparse.order_refunded": [{**SEGMENT, "id": "not asked for", "user_id": "u1"}],
    "sparse.order_completed_view": [{**SEGMENT, "id": "a view", "user_id": "u1"}],
    "sparse.groups": [
        {"id": "g", "group_id": "acme", "user_id": "u1", "seats": 7, "received_at": DAY, "timestamp": DAY}
    ],
    "more.visits": [
        {**VISIT, "id": "kept"},
        {**VISIT, "id": "kept", "environment": "beta"},
        {**VISIT, "id": "by browser", "browser": "Mozilla/5.0 (compatible; GoogleBot/2.1)"},
        {**VISIT, "id": "by environment", "environment": "qa"},
        {**VISIT, "id": "by address", "email": "Bo@shop.example"},
        {**VISIT, "id": "by id"},
    ],
    "more.posthog": [
        {"uuid": "p1", "event": "Seen", "distinct_id": "d1", "properties": '{"$is_identified": false}'},
        {"uuid": "p2", "event": "Seen", "distinct_id": "u1", "properties": '{"$set": {"plan": "pro"}}'},
        {"uuid": "p3", "event": "$create_alias", "distinct_id": "u1", "properties": '{"alias": "u0"}'},
        {
            "uuid": "p4",
            "event": "$groupidentify",
            "distinct_id": "u1",
            "properties": '{"$group_key": "acme", "$group_set": {"seats": 7}}',
        },
        {"uuid": "p5", "event": "$screen", "distinct_id": "u1", "properties": "not json"},
    ],
    "more.snowplow": [
        {
            "event": "unstruct",
            "event_name": "screen_view",
            "event_id": "s1",
            "collector_tstamp": DAY,
            "contexts_com_snowplowanalytics_snowplow_client_session_1": [{"userId": "app-1"}],
        }
    ],
    "more.amplitude": [
        {
            "_insert_id": "i1",
            "device_id": "d1",
            "event_type": "$identify",
            "event_time": DAY,
            "user_properties": '{"email": "ann@example.com"}',
            "synced": DAY,
        },
        {
            "_insert_id": "i2",
            "device_id": "d1",
            "event_type": "Seen",
            "event_time": "2026-11-20 10:05:00.001",
            "synced": DAY,
        },
    ],
    "more.mixpanel": [
        {"event_name": "Seen", "distinct_id": "d1", "time": DAY, "properties": {"$insert_id": "m1"}},
        {
            "event_name": "Seen",
            "distinct_id": "d1",
            "time": DAY,
            "properties": {"$insert_id": "m2", "$user_id": "u1"},
        },
    ],
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    path = tmp_path_factory.mktemp("sources") / "project"
    workspace = Workspace.create(
        path, variables={"segmentloom_sources": sources("") + MORE, "segmentloom_exclude_events": EXCLUDED}
    )
    with closing(connect(Project.find(path))) as filling:
        make_tables(filling, "")
        for name, rows in TABLES.items():
            if name == "more.posthog":
                rows = [{**row, "timestamp": DAY} for row in rows]
            make_table(filling, name, rows)
    workspace.dbt("seed")
    workspace.dbt("run", "--select", "+segmentloom__events +segmentloom__rejected_events")
    return Project.find(path)


@pytest.fixture(scope="module")
def warehouse(project: Project) -> Iterator[Warehouse]:
    with closing(connect(project)) as built:
        yield built


@pytest.fixture(scope="module")
def macros(project: Project, warehouse: Warehouse) -> MacroRenderer:
    return MacroRenderer(project, warehouse)


@pytest.fixture(scope="module")
def by_id(warehouse: Warehouse) -> dict[str, dict[str, Any]]:
    """The events of the small tables above, by source and id."""
    return {
        f"{event['source']} {event['event_id']}": event
        for event in events(warehouse)
        if event["source"] in {source["name"] for source in MORE}
    }


def test_every_fixture_gives_what_is_expected(warehouse: Warehouse) -> None:
    assert_as_expected(warehouse, sources={source["name"] for source in sources("")})


def test_what_is_refused_stays_with_its_reason(warehouse: Warehouse) -> None:
    refused = warehouse.relation("rejected_events")
    rows = warehouse.rows(
        f"select source_id, reason, raw from {refused} where source_id <> 'visits' order by source_id, reason"
    )
    assert [row[:2] for row in rows] == [
        ("ga4", "no identifier"),
        ("snowplow", "another event with the same event_id"),
    ]
    assert '"order_id":"o-78"' in rows[1][2]


def test_what_is_excluded_stays_with_the_name_of_the_rule(
    warehouse: Warehouse, by_id: dict[str, dict[str, Any]]
) -> None:
    refused = warehouse.relation("rejected_events")
    rows = warehouse.rows(f"select reason, raw from {refused} where source_id = 'visits'")
    assert {(reason, json.loads(raw)["user_id"]) for reason, raw in rows} == {
        ("excluded: bots", "by browser"),
        ("excluded: tests", "by environment"),
        ("excluded: staff", "by address"),
        ("excluded: ids", "by id"),
    }
    assert [name for name in by_id if name.startswith("visits")] == ["visits kept"]


def test_properties_come_from_the_table_of_the_event(
    warehouse: Warehouse, by_id: dict[str, dict[str, Any]]
) -> None:
    [ordered] = [
        event
        for event in events(warehouse)
        if (event["source"], event["event"]) == ("segment", "Order Completed")
    ]
    products = [{"sku": "A1", "quantity": 2}]
    assert ordered["properties"] == {
        "order_id": "o-77",
        "revenue": 129.5,
        "currency": "EUR",
        "products": products,
    }
    assert ordered["context"]["page"]["path"] == "/p/A1"
    both = by_id["sparse segment both"]
    assert both["properties"] == {"total": 5, "items": [{"sku": 1}], "note": "[sic"}
    assert both["context"] == {"traits": {"plan": "pro"}}
    assert by_id["sparse segment bare"]["properties"] == {}


def test_only_tables_asked_for_are_read(by_id: dict[str, dict[str, Any]]) -> None:
    ids = {name.removeprefix("sparse segment ") for name in by_id if name.startswith("sparse segment ")}
    assert ids == {"bare", "both", "future", "near", "g"}
    group = by_id["sparse segment g"]
    assert (group["type"], group["traits"], group["context"]) == ("group", {"seats": 7}, {"group_id": "acme"})


def test_an_event_from_the_future_has_the_time_of_receipt(by_id: dict[str, dict[str, Any]]) -> None:
    assert by_id["sparse segment future"]["timestamp"] == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert by_id["sparse segment near"]["timestamp"] == datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
    assert by_id["sparse segment future"]["context"] == {"clock_future": True}
    assert by_id["sparse segment near"]["context"] == {}


def test_an_event_from_after_its_load_has_the_time_of_that(by_id: dict[str, dict[str, Any]]) -> None:
    seen = by_id["sparse amplitude i2:d1"]
    assert seen["timestamp"] == seen["received_at"] == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert seen["context"]["clock_future"] is True


def test_posthog_says_who_is_a_user(by_id: dict[str, dict[str, Any]]) -> None:
    anonymous, user, alias, group, screen = (by_id[f"sparse posthog p{number}"] for number in range(1, 6))
    assert (anonymous["anonymous_id"], anonymous["user_id"]) == ("d1", None)
    assert (user["user_id"], user["context"]["traits"], user["traits"]) == ("u1", {"plan": "pro"}, {})
    assert (alias["type"], alias["event"]) == ("alias", None)
    assert (group["traits"], group["context"]["group_id"]) == ({"seats": 7}, "acme")
    assert (screen["event"], screen["properties"]) == ("Screen Viewed", {})


def test_sparse_tables_are_enough(by_id: dict[str, dict[str, Any]]) -> None:
    screen = by_id["sparse snowplow s1"]
    assert (screen["type"], screen["anonymous_id"]) == ("screen", "app-1")
    identify = by_id["sparse amplitude i1:d1"]
    assert (identify["type"], identify["email"]) == ("identify", "ann@example.com")


def test_mixpanel_s_older_ids_and_local_times(by_id: dict[str, dict[str, Any]]) -> None:
    anonymous, user = by_id["original mixpanel m1"], by_id["original mixpanel m2"]
    assert (anonymous["anonymous_id"], anonymous["user_id"]) == ("d1", None)
    assert (user["anonymous_id"], user["user_id"]) == (None, "u1")
    assert user["timestamp"] == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_how_fresh_each_source_is(warehouse: Warehouse, macros: MacroRenderer) -> None:
    states = {state["source"]: state for state in source_states(warehouse, macros)}
    assert states["visits"] == {
        "source": "visits",
        "events": 1,
        "loaded_at": datetime(2026, 11, 20, 10, tzinfo=UTC),
        "occurred_at": datetime(2026, 11, 20, 10, tzinfo=UTC),
        "rejected": 4,
        "conflicts": 1,
    }
    assert (states["segment"]["events"], states["segment"]["rejected"]) == (5, 0)
    assert {(state["rejected"], state["conflicts"]) for state in source_states(warehouse)} == {(None, None)}
