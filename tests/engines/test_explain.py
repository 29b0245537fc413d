"""Previews and explanations on the other engines say what plain Python says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from segmentloom_sync.audiences.definition import AudienceFile
from segmentloom_sync.audiences.explain import Explainer
from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.audiences.preview import Previewer
from segmentloom_sync.audiences.preview_destinations import DestinationCounter
from segmentloom_sync.identity.find_profile import Found
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Columns, Engine, Statement, Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.engines.conftest import NewWorkspace
from tests.oracles.audience_generator import Generator
from tests.oracles.audiences import World
from tests.oracles.figures import events_behind, figures, file_leaves
from tests.unit.audiences.random_audiences import as_files, with_traits

AUDIENCES = 2
TABLES: dict[str, Columns] = {
    "profiles": {
        "profile_id": "string",
        "traits": "json",
        "is_quarantined": "boolean",
        "is_opted_out": "boolean",
        "ad_user_data_consent": "string",
        "ad_personalization_consent": "string",
    },
    "int_segmentloom__profile_events": {
        "profile_id": "string",
        "source_id": "string",
        "event_id": "string",
        "event": "string",
        "occurred_at": "timestamp",
        "properties": "json",
    },
    "events": {"event": "string"},
    "hashed_identifiers": {
        "hash_rule": "string",
        "profile_id": "string",
        "identifier_type": "string",
        "identifier": "string",
    },
    "audience_membership": {"audience": "string", "profile_id": "string"},
    "audience_sizes": {"audience": "string", "evaluated_at": "timestamp", "members": "integer"},
}
TYPES = {
    "string": pa.string(),
    "json": pa.string(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
SYNC = [{"destination": "meta", "list": "L"}]


@dataclass(frozen=True)
class Populated:
    """A world, and a warehouse that holds it."""

    generator: Generator
    world: World
    project: Project
    warehouse: Warehouse
    others: dict[str, Audience]


@pytest.fixture(scope="module", params=["bigquery", "snowflake"])
def populated(request: pytest.FixtureRequest, new_workspace: NewWorkspace) -> Iterator[Populated]:
    """A random world on each engine, with what was published of two audiences."""
    engine: Engine = request.param
    workspace = new_workspace(engine)
    project = Project.find(workspace.path, workspace.path)
    generator = Generator(43)
    world = with_traits(generator.world())
    rows: dict[str, list[list[Any]]] = {
        "profiles": [
            [profile, json.dumps(bag), False, False, "granted", "granted"]
            for profile, bag in world.traits.items()
        ],
        "int_segmentloom__profile_events": [
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
        "events": [[event.event] for event in world.events],
        "hashed_identifiers": [["meta", profile, "email", f"hash of {profile}"] for profile in world.traits],
        "audience_membership": [
            [name, profile] for name, members in world.audiences.items() for profile in sorted(members)
        ],
        "audience_sizes": [["own", datetime(2026, 6, day, tzinfo=UTC), day] for day in (2, 1, 3)],
    }
    with closing(connect(project)) as warehouse:
        for table, columns in TABLES.items():
            fill(warehouse, table, columns, rows[table])
        yield Populated(generator, world, project, warehouse, as_files(world))


def fill(warehouse: Warehouse, table: str, columns: Columns, rows: list[list[Any]]) -> None:
    """Make a table of ours with these rows; JSON is given as text."""
    warehouse.ensure_table(table, "", columns)
    schema = pa.schema([(name, TYPES[kind]) for name, kind in columns.items()])
    batch = pa.RecordBatch.from_pylist([dict(zip(columns, row, strict=True)) for row in rows], schema)
    staged = warehouse.stage(f"{table}_staged", "", columns, [batch])
    values = [warehouse.json_from_text(name) if kind == "json" else name for name, kind in columns.items()]
    target = f"{warehouse.relation(table)} ({', '.join(columns)})"
    warehouse.execute(f"insert into {target} select {', '.join(values)} from {staged}")
    warehouse.drop(staged)


def test_names_that_nobody_ever_sent_are_told(populated: Populated) -> None:
    [event, *_] = sorted({event.event for event in populated.world.events}, key=len, reverse=True)
    [trait, *_] = sorted(
        {key for bag in populated.world.traits.values() for key in bag}, key=len, reverse=True
    )
    conditions = [
        {"event": f"{event}!"}, {"event": event, "count": ">= 1000000"},
        {"trait": [f"{trait}!"], "is": "x"}, {"trait": [trait, "!"], "exists": False},
    ]  # fmt: skip
    model = AudienceFile.model_validate({"match": {"any": conditions}})
    previewer = Previewer(populated.project, populated.warehouse, populated.others, populated.world.as_of)
    preview = previewer.preview(Audience("typos", "audiences/typos.yml", model))
    assert list(preview.notes) == [
        f"no event is named {_quoted(event + '!')}; did you mean {_quoted(event)}?",
        f"no profile has the trait {_quoted(trait + '!')}; did you mean {_quoted(trait)}?",
        f"no profile has the trait {_quoted(trait + '.!')}",
    ]


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def test_every_figure_and_condition_is_as_python_has_it(populated: Populated) -> None:
    world, at = populated.world, populated.world.as_of
    previewer = Previewer(populated.project, populated.warehouse, populated.others, at)
    counter = DestinationCounter(populated.warehouse, "own", at, {})
    for _ in range(AUDIENCES):
        file = populated.generator.file()
        model = AudienceFile.model_validate({**file, "sync": SYNC})
        audience = Audience("own", "audiences/own.yml", model, outranked_by=(populated.others["staff"],))
        members = world.members(file, "own", ["staff"])
        context = json.dumps(file, default=str)

        preview = previewer.preview(audience, counter)
        expected = figures(world, file, "own", ["staff"])
        assert preview.members == expected.members, context
        assert [count.members for count in preview.conditions] == expected.alone, context
        assert [count.removes for count in preview.conditions] == expected.removes, context
        assert [step.members for step in preview.funnel] == expected.funnel, context
        assert [row.adds for row in preview.by_destination] == [len(members)], context
        assert {one.audience: one.both for one in preview.overlaps} == {
            name: len(others & members) for name, others in world.audiences.items() if others & members
        }, context
        assert [size.members for size in preview.history] == [1, 2, 3]

        profile = populated.generator.pick.choice(sorted(world.traits))
        explainer = Explainer(populated.project, populated.warehouse, populated.others, at, Found(profile))
        explanation = explainer.explain(audience, {})
        assert explanation.member == (profile in members), context
        for leaf, judged in zip(file_leaves(file), explanation.conditions, strict=False):
            assert judged.holds == (profile in world.holding(leaf, file["time_zone"])), context
            if "event" in leaf and "occurrence" not in leaf:
                behind = events_behind(world, leaf, profile, file["time_zone"])
                assert judged.evidence["count"] == len(behind), context
                assert [one["event_id"] for one in judged.evidence["events"]] == [
                    one.event_id for one in behind[:5]
                ], context


def test_only_bigquery_says_beforehand_what_a_query_reads(populated: Populated) -> None:
    profiles = populated.warehouse.relation("profiles")
    query = Statement(f"select count(*) from {profiles} where profile_id = :id", {"id": "p1"})
    # The emulator knows no sizes; that it answers shows that the job was a dry run.
    expected = {"bigquery": 0, "snowflake": None}
    assert populated.warehouse.estimated_bytes(query) == expected[populated.warehouse.engine]
