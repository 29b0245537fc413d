"""Audiences in the warehouse hold exactly who plain Python says, over messy data and the whole grammar."""

from __future__ import annotations

import json
from typing import Any

import pytest

from segmentloom_sync.audiences.definition import AudienceFile
from tests.audience_tables import fill, open_warehouse, renderer
from tests.oracles.audience_generator import AS_OF, Generator, leaves


@pytest.mark.parametrize("seed", range(6))
def test_random_audiences_hold_who_python_says(seed: int) -> None:
    generator = Generator(seed)
    world = generator.world()
    connection, warehouse = open_warehouse()
    fill(connection, world.traits, world.events)
    for name, members in world.audiences.items():
        connection.execute(
            f"create table segmentloom.audience_{name} (profile_id varchar, evaluated_at timestamp)"
        )
        for member in members:
            connection.execute(f"insert into segmentloom.audience_{name} values (?, null)", [member])
    macros = renderer(warehouse, variables={"segmentloom_as_of": AS_OF.isoformat()})
    for _ in range(60):
        match = generator.condition()
        definition = AudienceFile.model_validate({"match": match}).match.expression()
        sql = macros.render("audience", definition)
        found = {row[0] for row in connection.execute(f"select profile_id from ({sql})").fetchall()}
        assert found == world.members(match), _explain(match)
        assert macros_counts(connection, macros.render("audience_preview", definition)) == [
            len(world.members(match)),
            *(len(world.members(leaf)) for leaf in leaves(match)),
        ], _explain(match)


def macros_counts(connection: Any, sql: str) -> list[int]:
    """The one row of a preview query."""
    return list(connection.execute(sql).fetchall()[0])


def _explain(match: Any) -> str:
    return json.dumps(match, default=str, ensure_ascii=False)
