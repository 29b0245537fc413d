"""Macros that are wrong in one place give other members than plain Python, so comparing proves something."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.duckdb import DuckDb
from tests.audience_tables import open_warehouse
from tests.end_to_end.test_audiences import definition_of, lay_out
from tests.oracles.audience_generator import MOMENTS, Generator
from tests.oracles.audience_mutants import MUTANTS
from tests.oracles.audiences import World
from tests.oracles.workshop import SqlMutant
from tests.workspace import REPOSITORY

WORLDS = 12
AUDIENCES = 60


@dataclass
class Case:
    """A world in a warehouse, and audiences over it with who plain Python says."""

    world: World
    connection: duckdb.DuckDBPyConnection
    warehouse: DuckDb
    audiences: list[tuple[dict[str, Any], set[str]]]
    right: list[str] = field(default_factory=list)

    def sql(self, project: Path) -> Iterator[str]:
        """The query of each audience, with the macros of a project."""
        folder = SimpleNamespace(directory=project, name="segmentloom", variables={}, target="test")
        macros = MacroRenderer(
            cast(Project, folder),
            self.warehouse,
            variables={"segmentloom_as_of": self.world.as_of.isoformat()},
        )
        for definition, _ in self.audiences:
            yield macros.render("audience_members", definition)

    def agrees(self, number: int, sql: str) -> bool:
        """Whether a query has the members of an audience."""
        _, members = self.audiences[number]
        try:
            found = {row[0] for row in self.connection.execute(f"select profile_id from ({sql})").fetchall()}
        except duckdb.Error:
            return False
        return found == members


@pytest.fixture(scope="module")
def cases() -> Iterator[list[Case]]:
    """Random worlds at various times, and audiences of one condition each."""
    made = []
    for seed in range(WORLDS):
        generator = Generator(1000 + seed, MOMENTS[seed * len(MOMENTS) // WORLDS])
        connection, warehouse = open_warehouse()
        world = generator.world()
        lay_out(connection, world)
        audiences = []
        for _ in range(AUDIENCES):
            file = generator.file(depth=0)
            first, ranked = generator.outranking(world, depth=0)
            audiences.append((definition_of(file, first), ranked.members(file, "own", first)))
        case = Case(world, connection, warehouse, audiences)
        case.right = list(case.sql(REPOSITORY))
        made.append(case)
    yield made
    for case in made:
        case.connection.close()


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_macro_is_noticed(name: str, cases: list[Case], tmp_path: Path) -> None:
    write_wrong(tmp_path, MUTANTS[name])
    for case in cases:
        for number, (right, wrong) in enumerate(zip(case.right, case.sql(tmp_path), strict=True)):
            if right != wrong and not case.agrees(number, wrong):
                assert case.agrees(number, right)
                return
    pytest.fail(f"nothing shows that {name}")


def write_wrong(project: Path, mutant: SqlMutant) -> None:
    """A copy of the package with a mutant in it."""
    shutil.copytree(REPOSITORY / "macros", project / "macros")
    (project / "dbt_project.yml").write_text("name: segmentloom\n")
    file = project / mutant.file
    text = file.read_text()
    assert text.count(mutant.right) == 1, f"{mutant.file} has not exactly one {mutant.right!r}"
    file.write_text(text.replace(mutant.right, mutant.wrong))
