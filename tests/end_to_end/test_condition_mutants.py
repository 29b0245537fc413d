"""Wrong versions of the shared evaluation: builds that show none of them wrong prove nothing."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.killable_dbt import KillableDbt
from tests.oracles.audience_generator import AS_OF
from tests.oracles.audience_history import AudienceHistory
from tests.oracles.condition_mutants import IN_A_LATER_BUILD, WITH_OTHER_AUDIENCES
from tests.oracles.workshop import SqlMutant
from tests.workspace import REPOSITORY, Workspace

pytestmark = pytest.mark.slow

BEFORE = AS_OF + timedelta(hours=1)
LATER = AS_OF + timedelta(hours=7, microseconds=1)
VIEWS = {"event": "Viewed Pricing", "within": "90 days"}
TWINS: dict[str, dict[str, Any]] = {
    f"twin{number}": {"match": {**VIEWS, "where": [{"property": "plan", "is": value}]}}
    for number, value in enumerate(["free", 5, True, 1])
}


class Story:
    """Two builds, and what a third will find: some new, late and displaced events, and splits.

    They touch few of many persons: who is looked at again anyway comes out right with wrong SQL too.
    """

    def __init__(self, path: Path) -> None:
        self.history = AudienceHistory(Workspace.create(path), 7, persons=250)
        self.history.ask({**self.history.more_audiences(40), "changing": {"match": VIEWS}})
        self.history.land(1500, AS_OF)
        with KillableDbt(self.history.workspace) as dbt:
            self.history.build(dbt, AS_OF)
            self.history.land(20, BEFORE)
            self.history.build(dbt, BEFORE)
        self.history.land(30, LATER)
        self.history.displace(4)
        self.history.unmerge(2)
        self._path = path
        shutil.copy(path / "warehouse.duckdb", path / "start.duckdb")
        (path / "macros").unlink()
        shutil.copytree(REPOSITORY / "macros", path / "macros")

    def is_right(self, mutant: SqlMutant | None) -> bool:
        """Whether the third build leaves everything as plain Python says, with a mutant's code."""
        shutil.copy(self._path / "start.duckdb", self._path / "warehouse.duckdb")
        if mutant is None:
            return self._builds_right()
        right = (REPOSITORY / mutant.file).read_text()
        assert right.count(mutant.right) == 1, f"{mutant.file} has not exactly one {mutant.right!r}"
        (self._path / mutant.file).write_text(right.replace(mutant.right, mutant.wrong))
        try:
            return self._builds_right()
        finally:
            (self._path / mutant.file).write_text(right)

    def _builds_right(self) -> bool:
        with KillableDbt(self.history.workspace) as dbt:
            self.history.build(dbt, LATER)
        expected = self.history.expected()
        return all(members == expected for members in self.history.found().values())


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("mutants") / "project")


@pytest.fixture(scope="module")
def other_audiences(story: Story) -> Story:
    """The same with one audience changed and others added; after the tests of those that were there."""
    changed = {"changing": {"match": {**VIEWS, "within": "14 days"}}, **TWINS}
    story.history.ask({**story.history.files, **changed})
    return story


@pytest.mark.parametrize("name", [None, *IN_A_LATER_BUILD])
def test_a_later_build_shows_wrong_sql(name: str | None, story: Story) -> None:
    assert story.is_right(IN_A_LATER_BUILD[name] if name else None) == (name is None)


@pytest.mark.parametrize("name", [None, *WITH_OTHER_AUDIENCES])
def test_a_build_of_other_audiences_shows_wrong_sql(name: str | None, other_audiences: Story) -> None:
    assert other_audiences.is_right(WITH_OTHER_AUDIENCES[name] if name else None) == (name is None)
