"""The figures of previews are those that plain Python counts, over the whole grammar and messy data."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from segmentloom_sync.audiences.preview import Previewer
from tests.oracles.figures import Figures, figures
from tests.unit.audiences.random_audiences import PROJECT, Stage, stage

AUDIENCES = 25


@pytest.fixture(params=[0, 3, 5])
def world(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A random world."""
    yield from stage(request.param)


def test_every_figure_is_the_one_that_python_counts(world: Stage) -> None:
    previewer = Previewer(PROJECT, world.warehouse, world.others, world.world.as_of)
    removed = 0
    for _ in range(AUDIENCES):
        file, outranked_by = world.random_audience()
        preview = previewer.preview(world.audience(file, outranked_by))
        found = Figures(
            preview.members,
            [count.members for count in preview.conditions],
            [count.removes for count in preview.conditions],
            [step.members for step in preview.funnel],
        )
        assert found == figures(world.world, file, "own", outranked_by), json.dumps(file, default=str)
        assert preview.funnel[-1].members == preview.members
        assert preview.profiles == len(world.world.traits)
        removed += sum(number or 0 for number in found.removes)
    assert removed > 0
