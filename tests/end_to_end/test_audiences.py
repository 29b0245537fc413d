"""Audiences in the warehouse hold exactly who plain Python says, over messy data and the whole grammar."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import duckdb
import pytest

from segmentloom_sync.audiences.definition import AudienceFile
from tests.audience_tables import fill, open_warehouse, renderer
from tests.oracles.audience_generator import MOMENTS, Generator, leaves
from tests.oracles.audiences import World

AUDIENCES = 25
"""At each time of evaluation."""


@pytest.mark.parametrize("seed", range(len(MOMENTS)))
def test_random_audiences_hold_who_python_says(seed: int) -> None:
    generator = Generator(seed, MOMENTS[seed])
    world = generator.world()
    connection, warehouse = open_warehouse()
    with connection:
        lay_out(connection, world)
        macros = renderer(warehouse, variables={"segmentloom_as_of": world.as_of.isoformat()})
        for _ in range(AUDIENCES):
            file = generator.file()
            first, ranked = generator.outranking(world)
            definition = definition_of(file, first)
            members = ranked.members(file, "own", first)
            sql = macros.render("audience_members", definition)
            found = {row[0] for row in connection.execute(f"select profile_id from ({sql})").fetchall()}
            assert found == members, _explain(file)
            parts = [*leaves(file["match"]), *leaves(file.get("exclude", {"all": []}))]
            expected = [len(members), *(len(world.holding(part, file["time_zone"])) for part in parts)]
            [counts] = connection.execute(macros.render("audience_preview", definition)).fetchall()
            assert [*counts][-len(expected) :] == expected, _explain(file)


def definition_of(file: Mapping[str, Any], first: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The definition of an audience, and of those that come first, as macros take it."""
    others = [(name, AudienceFile.model_validate(other)) for name, other in first.items()]
    return AudienceFile.model_validate(file).definition("own", others)


def lay_out(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    """Make the tables of a world."""
    fill(connection, world.traits, world.events)
    for name, members in world.audiences.items():
        connection.execute(
            f"create table segmentloom.audience_{name} (profile_id varchar, evaluated_at timestamp)"
        )
        for member in members:
            connection.execute(f"insert into segmentloom.audience_{name} values (?, null)", [member])


def _explain(file: Mapping[str, Any]) -> str:
    return json.dumps(file, default=str, ensure_ascii=False)
