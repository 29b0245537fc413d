"""What several files of these tests build on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.incremental_events import IncrementalEvents
from tests.killable_dbt import KillableDbt
from tests.workspace import Workspace


@pytest.fixture(scope="session")
def events_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IncrementalEvents]:
    """One project for all of them: dbt takes long to read one."""
    workspace = Workspace.create(tmp_path_factory.mktemp("events") / "project")
    with KillableDbt(workspace) as dbt:
        yield IncrementalEvents(workspace, dbt)


@pytest.fixture
def events(events_project: IncrementalEvents) -> IncrementalEvents:
    """The project with the events a and b of one load, built."""
    events_project.reset()
    return events_project
