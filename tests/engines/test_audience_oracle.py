"""Audiences on the other engines hold exactly who plain Python says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Columns, Engine, Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.end_to_end.test_audiences import definition_of
from tests.engines.conftest import NewWorkspace
from tests.oracles.audience_generator import AS_OF, Generator, leaves
from tests.oracles.audiences import World

AUDIENCES = 40

PROFILES: Columns = {"profile_id": "string", "traits": "json"}
EVENTS: Columns = {
    "profile_id": "string",
    "source_id": "string",
    "event_id": "string",
    "event": "string",
    "occurred_at": "timestamp",
    "properties": "json",
}
MEMBERS: Columns = {"profile_id": "string"}


@dataclass(frozen=True)
class Populated:
    """A world, and a warehouse that holds it."""

    generator: Generator
    world: World
    warehouse: Warehouse
    macros: MacroRenderer


@pytest.fixture(scope="module", params=[pytest.param("bigquery", marks=pytest.mark.slow), "snowflake"])
def populated(request: pytest.FixtureRequest, new_workspace: NewWorkspace) -> Iterator[Populated]:
    """A random world on each engine."""
    engine: Engine = request.param
    workspace = new_workspace(engine)
    project = Project.find(workspace.path, workspace.path)
    generator = Generator(41)
    world = generator.world()
    with closing(connect(project)) as warehouse:
        fill(
            warehouse,
            "profiles",
            PROFILES,
            [[profile, json.dumps(bag)] for profile, bag in world.traits.items()],
        )
        fill(
            warehouse,
            "int_segmentloom__profile_events",
            EVENTS,
            [
                [
                    event.profile_id,
                    event.source_id,
                    event.event_id,
                    event.event,
                    event.occurred_at,
                    json.dumps(event.properties),
                ]
                for event in world.events
            ],
        )
        for name, members in world.audiences.items():
            fill(warehouse, f"audience_{name}", MEMBERS, [[member] for member in members])
        macros = MacroRenderer(project, warehouse, variables={"segmentloom_as_of": AS_OF.isoformat()})
        yield Populated(generator, world, warehouse, macros)


def fill(warehouse: Warehouse, table: str, columns: Columns, rows: list[list[Any]]) -> None:
    """Make a table of ours with these rows; JSON is given as text."""
    warehouse.ensure_table(table, "", columns)
    types = {"string": pa.string(), "json": pa.string(), "timestamp": pa.timestamp("us", tz="UTC")}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    batch = pa.RecordBatch.from_arrays(
        [pa.array(values, schema.field(index).type) for index, values in enumerate(zip(*rows, strict=True))],
        schema=schema,
    )
    staged = warehouse.stage(f"{table}_staged", "", columns, [batch])
    values = [warehouse.json_from_text(name) if kind == "json" else name for name, kind in columns.items()]
    target = f"{warehouse.relation(table)} ({', '.join(columns)})"
    warehouse.execute(f"insert into {target} select {', '.join(values)} from {staged}")
    warehouse.drop(staged)


def test_random_audiences_hold_who_python_says(populated: Populated) -> None:
    wrong = []
    for _ in range(AUDIENCES):
        file = populated.generator.file()
        first, ranked = populated.generator.outranking(populated.world)
        definition = definition_of(file, first)
        query = populated.macros.render("audience_members", definition)
        members = f"select members.profile_id from ({query}) as members"
        found = {str(row[0]) for row in populated.warehouse.rows(members)}
        [counts] = populated.warehouse.rows(populated.macros.render("audience_preview", definition))
        parts = [*leaves(file["match"]), *leaves(file.get("exclude", {"all": []}))]
        wanted = ranked.members(file, "own", first)
        expected = [
            len(wanted),
            *(len(populated.world.holding(part, file["time_zone"])) for part in parts),
        ]
        if found != wanted or [*counts][-len(expected) :] != expected:
            wrong.append((json.dumps(file, default=str), list(counts), expected))
    assert wrong == []
