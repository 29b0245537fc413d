"""What the shared evaluation keeps on the other engines is as plain Python says, while windows slide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from segmentloom_sync.warehouse.base import Engine
from tests.engines.conftest import NewWorkspace
from tests.killable_dbt import Run
from tests.oracles.audience_history import AudienceHistory
from tests.oracles.audience_story import START, Story
from tests.workspace import Workspace

pytestmark = pytest.mark.slow


class EngineDbt:
    """dbt on an emulator. Nothing is killed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def run(self, *arguments: str) -> Run:
        """Run dbt."""
        done = self._workspace.dbt(*arguments, check=False)
        return Run(done.returncode == 0, killed=False, statements=(), output=done.stdout)


@contextmanager
def engine_dbt(workspace: Workspace) -> Iterator[EngineDbt]:
    yield EngineDbt(workspace)


@pytest.mark.parametrize("engine", ["snowflake", "bigquery"])
def test_all_is_right_while_windows_slide(engine: Engine, new_workspace: NewWorkspace) -> None:
    with Story(new_workspace(engine), seed=6, audiences=8, open_dbt=engine_dbt) as story:
        story.change_everything()
        story.ask_otherwise(2, AudienceHistory.slide)
        story.slide_over(*story.coming("rolling", "calendar")[:1])
        assert story.history.as_of > START + timedelta(hours=2)
