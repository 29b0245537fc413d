"""The SQL of the identity commands on each engine: the same profile, the same history, the same decisions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from segmentloom_sync.identity.change import Request, change_link
from segmentloom_sync.identity.conflicts import count_conflicts, list_conflicts
from segmentloom_sync.identity.decisions import all_decisions, record_all
from segmentloom_sync.identity.explain_path import explain_path
from segmentloom_sync.identity.find_profile import find_profile
from segmentloom_sync.identity.identifier import parse_identifier
from segmentloom_sync.identity.largest import largest_profiles
from segmentloom_sync.identity.merges import list_merges
from segmentloom_sync.identity.pair import NoSuchLink
from segmentloom_sync.identity.profile import read_profile
from segmentloom_sync.project import Project
from segmentloom_sync.sync.tables import ensure_tables
from segmentloom_sync.warehouse.base import Columns, LogicalType, Warehouse
from segmentloom_sync.warehouse.connect import connect
from segmentloom_sync.warehouse.quoting import quoted
from tests.identity_tables import profile_id
from tests.workspace import Workspace

pytestmark = pytest.mark.slow

START = datetime(2026, 7, 1, 10, tzinfo=UTC)
ANN, ADDRESS, PHONE, BOB = "user_id:ann", "email:ann@x.org", "anonymous_id:phone", "user_id:b'o\\b"
P, Q = profile_id(ANN), profile_id(BOB)

PAIR: Columns = dict.fromkeys(("identifier_type", "identifier_value", "other_type", "other_value"), "string")
EVENT: Columns = {"first_seen_at": "timestamp", "source_id": "string", "event_id": "string", "rule": "string"}
KEYS: Columns = {"identifier_key": "integer", "other_key": "integer"}
SEEN: Columns = {"first_seen_at": "timestamp", "last_seen_at": "timestamp", "event_count": "integer"}
COUNTED: Columns = {"entry": "integer", "batch": "integer"}
LINKS: Columns = {**KEYS, **PAIR, **EVENT}
IDENTIFIERS: Columns = {
    "identifier_type": "string",
    "identifier_value": "string",
    "profile_id": "string",
    **SEEN,
}


def texts(*names: str) -> dict[str, LogicalType]:
    return dict.fromkeys(names, "string")


RELATIONS: dict[str, Columns] = {
    "int_segmentloom__links": LINKS,
    "int_segmentloom__kept_links": LINKS,
    "int_segmentloom__refused_links": {
        **KEYS,
        **PAIR,
        "rule": "string",
        "link_count": "integer",
        "link_limit": "integer",
        "first_seen_at": "timestamp",
    },
    "int_segmentloom__identity_map": {
        "identifier_key": "integer",
        **IDENTIFIERS,
        "owned_event_count": "integer",
        "gpc_event_count": "integer",
    },
    "int_segmentloom__owner_attributes": {
        "owner_key": "integer",
        **texts("attribute_kind", "attribute_name", "attribute_value", "source_id", "event_id"),
        "occurred_at": "timestamp",
        "rank_on_event": "integer",
    },
    "identifiers": IDENTIFIERS,
    "profiles": {
        "profile_id": "string",
        **SEEN,
        "identifier_count": "integer",
        **texts("ad_user_data_consent", "ad_personalization_consent"),
        "is_opted_out": "boolean",
        "is_quarantined": "boolean",
    },
    "profile_redirects": texts("former_profile_id", "profile_id"),
    "profile_merges": {
        "happened_at": "timestamp",
        **texts("merge_id", "kind", "surviving_profile_id", "absorbed_profile_id"),
        **PAIR,
        **texts("source_id", "event_id", "rule", "run_id", "reason", "requested_by"),
    },
    "identity_overrides": {
        "decided_at": "timestamp",
        **texts("override_id", "action", "reason", "requested_by", "merge_id", "applied_run_id"),
        **PAIR,
    },
    "int_segmentloom__progress": {**texts("consumer", "generation", "rules"), **COUNTED},
    "audience_membership": {**texts("audience", "profile_id"), "entered_at": "timestamp"},
    "hashed_identifiers": texts("hash_rule", "profile_id", "identifier_type", "identifier"),
}


@pytest.fixture
def warehouse(engine_workspace: Workspace) -> Iterator[Warehouse]:
    """Ann's user id, address and device are one profile; Bob shares the address, which a guard refuses."""
    project = Project.find(engine_workspace.path, engine_workspace.path)
    with closing(connect(project)) as opened:
        for name, columns in RELATIONS.items():
            opened.ensure_table(name, "", columns)
        ensure_tables(opened)
        _fill(opened)
        yield opened


def insert(warehouse: Warehouse, name: str, area: Any = "", **values: Any) -> None:
    warehouse.execute(
        f"insert into {warehouse.relation(name, area)} ({', '.join(values)}) "
        f"values ({', '.join(f':{column}' for column in values)})",
        **values,
    )


def _fill(warehouse: Warehouse) -> None:
    keys = {text: key for key, text in enumerate((ANN, ADDRESS, PHONE, BOB))}
    for text, key in keys.items():
        identifier = parse_identifier(text)
        row = {
            "identifier_type": identifier.type,
            "identifier_value": identifier.value,
            "profile_id": Q if text == BOB else P,
            "first_seen_at": START + timedelta(hours=key),
            "last_seen_at": START + timedelta(hours=key),
            "event_count": 1,
        }
        insert(warehouse, "identifiers", **row)
        row = {**row, "identifier_key": key, "owned_event_count": 1, "gpc_event_count": 0}
        insert(warehouse, "int_segmentloom__identity_map", **row)
    for hour, (one, other) in enumerate([(ANN, ADDRESS), (ADDRESS, PHONE), (BOB, ADDRESS)], start=1):
        ends = {
            "identifier_key": keys[one],
            "other_key": keys[other],
            **dict(zip(PAIR, (*parse_identifier(one), *parse_identifier(other)), strict=True)),
        }
        seen = {"first_seen_at": START + timedelta(hours=hour)}
        link = {**ends, **seen, "source_id": "shop", "event_id": f"e{hour}", "rule": "same_event"}
        insert(warehouse, "int_segmentloom__links", **link)
        if one == BOB:
            insert(
                warehouse,
                "int_segmentloom__refused_links",
                **{**ends, **seen, "rule": "shared_email", "link_count": 7, "link_limit": 5},
            )
        else:
            insert(warehouse, "int_segmentloom__kept_links", **link)
            insert(
                warehouse,
                "profile_merges",
                happened_at=START,
                merge_id=f"{hour:032x}",
                kind="merge",
                surviving_profile_id=P,
                absorbed_profile_id=profile_id(other),
                **{name: ends[name] for name in PAIR},
                rule="same_event",
                run_id="run-1",
            )
            insert(warehouse, "profile_redirects", former_profile_id=profile_id(other), profile_id=P)
    for owner, size in ((Q, 1), (P, 3)):
        insert(
            warehouse,
            "profiles",
            profile_id=owner,
            first_seen_at=START,
            last_seen_at=START,
            event_count=2,
            identifier_count=size,
            is_opted_out=False,
            is_quarantined=False,
        )
    for hour, value in enumerate(('"free"', '"growth"')):
        insert(
            warehouse,
            "int_segmentloom__owner_attributes",
            owner_key=keys[(ANN, PHONE)[hour]],
            attribute_kind="trait",
            attribute_name="plan",
            attribute_value=value,
            occurred_at=START + timedelta(hours=hour),
            source_id="shop",
            event_id=f"e{hour}",
            rank_on_event=1,
        )
    insert(warehouse, "audience_membership", audience="buyers", profile_id=P, entered_at=START)
    insert(
        warehouse,
        "hashed_identifiers",
        hash_rule="meta",
        profile_id=P,
        identifier_type="email",
        identifier="aa",
    )
    for value, member in (("aa", Q), ("bb", P)):
        insert(
            warehouse,
            "ledger",
            "sync",
            destination="meta",
            list_name="Buyers",
            audience="buyers",
            identifier_type="email",
            identifier=value,
            state="accepted",
            may_hold=True,
            member_key=member,
            updated_at=START,
        )
    warehouse.execute(
        f"""
        create view {warehouse.relation("identity_conflicts")} as
        select
            rule,
            other_type as identifier_type,
            other_value as identifier_value,
            identifier_type as other_type,
            identifier_value as other_value,
            link_count,
            link_limit as {quoted("limit", warehouse.engine)},
            first_seen_at
        from {warehouse.relation("int_segmentloom__refused_links")}
        """
    )


def test_a_profile_is_read_alike_on_every_engine(warehouse: Warehouse) -> None:
    found = find_profile(warehouse, profile_id(ADDRESS))
    document = read_profile(warehouse, found, 500).document()
    assert [(entry["value"], entry["distance"]) for entry in document["identifiers"]] == [
        ("ann", 0),
        ("ann@x.org", 1),
        ("phone", 2),
    ]
    assert document["identifiers"][2]["link"]["first_seen_at"] == START + timedelta(hours=2)
    assert (document["owned_event_count"], document["identifiers"][0]["owned_event_count"]) == (2, 1)
    assert document["refused_links"] == {"shared_email": 1, "kiosk": 0, "later_link": 0}
    assert document["traits"] == {"plan": "growth"}
    assert document["audiences"] == [{"audience": "buyers", "entered_at": START}]
    assert [entry["state"] for entry in document["destinations"]] == ["accepted", "accepted"]
    assert [entry["absorbed_profile_id"] for entry in document["merges"]] == [
        profile_id(ADDRESS),
        profile_id(PHONE),
    ]
    refused = explain_path(warehouse, find_profile(warehouse, BOB), parse_identifier(ADDRESS))
    assert [entry.rule for entry in refused.refused_by] == ["shared_email"]

    assert list_merges(warehouse, limit=5, kind="split", since=START, profile_id=P) == []
    [conflict] = list_conflicts(warehouse, limit=5, rule="shared_email")
    assert (str(conflict.identifier), conflict.refused, conflict.link_count, conflict.limit) == (
        ADDRESS,
        1,
        7,
        5,
    )
    assert count_conflicts(warehouse)["shared_email"] == 1
    assert [(entry.profile_id, sum(entry.by_type.values())) for entry in largest_profiles(warehouse, 5)] == [
        (P, 3),
        (Q, 1),
    ]


def test_decisions_are_recorded_alike_on_every_engine(warehouse: Warehouse) -> None:
    request = Request.checked("unmerge", BOB, ADDRESS, reason="it's \\ two", by="jo")
    refused = change_link(request, lambda: nullcontext(warehouse), None)
    assert refused.reason_none == "refused"
    named = Request.checked("unmerge", f"{1:032x}", None, reason="x", by="jo")
    assert change_link(named, lambda: nullcontext(warehouse), None).reason_none == "pending"
    assert change_link(named, lambda: nullcontext(warehouse), None).reason_none == "already"
    first, second = all_decisions(warehouse)
    assert (first.identifier.value, first.reason, first.merge_id) == ("b'o\\b", "it's \\ two", None)
    assert (second.merge_id, second.applied_run_id) == (f"{1:032x}", None)
    record_all(warehouse, [first, second])
    assert all_decisions(warehouse) == [first, first, second, second]
    with pytest.raises(NoSuchLink) as bridged:
        change_link(
            Request.checked("unmerge", ANN, PHONE, reason="x", by="jo"), lambda: nullcontext(warehouse), None
        )
    assert len(bridged.value.nearest) == 2
