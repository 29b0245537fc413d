"""Random audiences of a random world, as the commands see them: files of a project over tables in DuckDB."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from segmentloom_sync.audiences.definition import AudienceFile
from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.duckdb import DuckDb
from tests.audience_tables import fill, open_warehouse
from tests.oracles.audience_generator import MOMENTS, Generator
from tests.oracles.audiences import World
from tests.workspace import REPOSITORY

PROJECT = cast(
    Project, SimpleNamespace(directory=REPOSITORY, name="segmentloom", variables={}, target="test")
)


@dataclass(frozen=True)
class Stage:
    """A world and the warehouse that holds it.

    Attributes:
        others: the audiences that conditions may ask for.
    """

    generator: Generator
    world: World
    warehouse: DuckDb
    others: Mapping[str, Audience]

    def audience(self, file: Mapping[str, Any], outranked_by: tuple[str, ...]) -> Audience:
        """The audience `own`."""
        model = AudienceFile.model_validate(file)
        first = tuple(self.others[name] for name in outranked_by)
        return Audience("own", "audiences/own.yml", model, outranked_by=first)

    def random_audience(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        """A file, and who outranks it."""
        outranked_by = self.generator.pick.choice([(), (), ("staff",), ("buyers", "staff")])
        return self.generator.file(), outranked_by


def with_traits(world: World) -> World:
    """The world with traits that say who is in its audiences; generated conditions never look at these."""
    traits = {
        profile: {**bag, **{f"in {name}": profile in members for name, members in world.audiences.items()}}
        for profile, bag in world.traits.items()
    }
    return dataclasses.replace(world, traits=traits)


def as_files(world: World) -> dict[str, Audience]:
    """The audiences of a world made by `with_traits`, as files."""
    return {
        name: Audience(
            name,
            f"audiences/{name}.yml",
            AudienceFile.model_validate({"match": {"trait": f"in {name}", "is": True}}),
        )
        for name in world.audiences
    }


def stage(seed: int) -> Iterator[Stage]:
    """A random world, evaluated at the time of that number."""
    generator = Generator(seed, MOMENTS[seed])
    world = with_traits(generator.world())
    connection, warehouse = open_warehouse()
    with closing(warehouse):
        fill(connection, world.traits, world.events)
        yield Stage(generator, world, warehouse, as_files(world))
