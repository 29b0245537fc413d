"""The tables that audiences read, filled by hand: audiences without events, identity or dbt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.duckdb import DuckDb
from tests.oracles.audiences import Event
from tests.workspace import REPOSITORY

TABLES = """
create schema if not exists segmentloom;
create or replace table segmentloom.profiles (
    profile_id varchar, first_seen_at timestamp, last_seen_at timestamp, event_count bigint,
    identifier_count bigint, user_id varchar, email varchar, phone varchar, traits json,
    ad_user_data_consent varchar, ad_personalization_consent varchar, is_opted_out boolean,
    is_quarantined boolean
);
create or replace table segmentloom.identifiers (
    identifier_type varchar, identifier_value varchar, profile_id varchar, first_seen_at timestamp,
    last_seen_at timestamp, event_count bigint
);
create or replace table segmentloom.int_segmentloom__profile_events (
    profile_id varchar, source_id varchar, event_id varchar, event varchar, occurred_at timestamp,
    properties json, context json
);
create or replace table segmentloom.hashed_identifiers (
    hash_rule varchar, profile_id varchar, identifier_type varchar, identifier varchar
);
"""
BEHIND = """
create or replace table segmentloom.events as
select
    event_id, source_id, 'track' as type, event, occurred_at, properties, context,
    cast(occurred_at as date) as event_date,
    cast('0x' || substr(sha256(profile_id), 1, 15) as bigint) as owner_key, 1 as batch
from segmentloom.int_segmentloom__profile_events;
create or replace table segmentloom.int_segmentloom__identity_map as
select
    cast('0x' || substr(sha256(profile_id), 1, 15) as bigint) as identifier_key,
    'user_id' as identifier_type, user_id as identifier_value, profile_id, identifier_key as component_key
from segmentloom.profiles;
create or replace table segmentloom.int_segmentloom__profile_changes (profile_id varchar, batch bigint);
create table if not exists segmentloom.int_segmentloom__progress (
    consumer varchar, entry bigint, generation varchar, batch bigint, rules varchar, watermark timestamp,
    updated_at timestamp
);
insert into segmentloom.int_segmentloom__progress by name
select
    unnest(['segmentloom__events', 'int_segmentloom__profile_changes', 'segmentloom__profiles']) as consumer,
    (select coalesce(max(entry), 0) + 1 from segmentloom.int_segmentloom__progress) as entry,
    (select cast(uuid() as varchar)) as generation,
    1 as batch;
"""
"""What dbt's models of conditions read, made of the tables above, as if everything had been built anew."""


def fill(
    connection: duckdb.DuckDBPyConnection, traits: Mapping[str, Any], events: Iterable[Event] = ()
) -> None:
    """Make the tables anew. The profile `p1` has the user id `u-p1` and the e-mail `p1@example.com`."""
    connection.execute(TABLES)
    profiles = [
        (
            profile,
            f"u-{profile}",
            f"{profile}@example.com",
            _json(values),
            hashlib.sha256(profile.encode()).hexdigest(),
        )
        for profile, values in traits.items()
    ]
    if profiles:
        connection.executemany(
            "insert into segmentloom.profiles values"
            " ($1, null, null, 0, 2, $2, $3, null, $4, 'granted', 'granted', false, false)",
            [row[:4] for row in profiles],
        )
        connection.executemany(
            "insert into segmentloom.identifiers values ('user_id', $2, $1, null, null, 0)",
            [row[:2] for row in profiles],
        )
        connection.executemany(
            "insert into segmentloom.hashed_identifiers"
            " select rule, $1, 'email', $2 from (values ('google'), ('meta'), ('linkedin')) as rules (rule)",
            [(row[0], row[4]) for row in profiles],
        )
    rows = [
        (
            event.profile_id,
            event.source_id,
            event.event_id or f"e{number}",
            event.event,
            event.occurred_at.replace(tzinfo=None),
            _json(event.properties),
        )
        for number, event in enumerate(events)
    ]
    if rows:
        connection.executemany(
            "insert into segmentloom.int_segmentloom__profile_events values ($1, $2, $3, $4, $5, $6, '{}')",
            rows,
        )
    connection.execute(BEHIND)


def renderer(warehouse: DuckDb, **options: Any) -> MacroRenderer:
    """A renderer of the repository's macros for a warehouse."""
    project = SimpleNamespace(directory=REPOSITORY, name="segmentloom", variables={}, target="test")
    return MacroRenderer(cast(Project, project), warehouse, **options)


def open_warehouse(path: Path | str = ":memory:") -> tuple[duckdb.DuckDBPyConnection, DuckDb]:
    """A DuckDB database with the schema."""
    connection = duckdb.connect(str(path))
    connection.execute("create schema if not exists segmentloom")
    return connection, DuckDb(connection, "segmentloom", lambda: None)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
