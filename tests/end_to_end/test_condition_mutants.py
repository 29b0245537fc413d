"""Wrong versions of the shared evaluation: builds that show none of them wrong prove nothing."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.killable_dbt import KillableDbt
from tests.oracles.audience_generator import AS_OF
from tests.oracles.audience_history import AudienceHistory
from tests.oracles.condition_mutants import (
    IN_A_FULL_REFRESH,
    IN_A_LATER_BUILD,
    WITH_OTHER_AUDIENCES,
    WITH_THE_SAME_CONDITIONS,
)
from tests.oracles.workshop import SqlMutant
from tests.workspace import REPOSITORY, Workspace

pytestmark = pytest.mark.slow

LATER = AS_OF + timedelta(hours=1)
VIEWS = {"event": "Viewed Pricing", "within": "90 days"}
ORDERS = {"event": "Order Completed", "within": "90 days"}
FILES: dict[str, dict[str, Any]] = {
    "changing": {"match": VIEWS},
    "joined": {"match": {"all": [VIEWS, ORDERS]}},
    "once": {"match": {**ORDERS, "count": "= 1"}},
    "twice": {"match": {**VIEWS, "count": "= 2"}},
}
OTHER: dict[str, dict[str, Any]] = {
    "changing": {"match": {**VIEWS, "within": "14 days"}},
    **{
        f"twin{number}": {"match": {**VIEWS, "where": [{"property": "plan", "is": value}]}}
        for number, value in enumerate(["free", 5, True, 1])
    },
}
JOINED: dict[str, dict[str, Any]] = {"joined": {"match": {"any": [VIEWS, ORDERS]}}}


class Story:
    """Two builds, and what a third evaluation will find: some new, late and displaced events, and splits.

    They touch few of many persons: who is looked at again anyway comes out right with wrong SQL too.
    """

    def __init__(self, path: Path) -> None:
        self.history = AudienceHistory(Workspace.create(path), 7, persons=250)
        self.files = {**self.history.more_audiences(25), **FILES}
        self.history.ask(self.files)
        self.history.land(1500, AS_OF)
        with KillableDbt(self.history.workspace) as dbt:
            self.history.build(dbt, AS_OF)
            self.history.land(20, AS_OF)
            self.history.build(dbt, AS_OF)
            self.history.land(30, LATER)
            self.history.displace(15)
            self.history.unmerge(2)
            self.history.build_people(dbt)
        self._path = path
        with duckdb.connect(str(path / "warehouse.duckdb")) as connection:
            connection.execute("checkpoint")
        shutil.copy(path / "warehouse.duckdb", path / "start.duckdb")
        (path / "macros").unlink()
        shutil.copytree(REPOSITORY / "macros", path / "macros")

    def is_right(
        self,
        mutant: SqlMutant | None,
        *arguments: str,
        as_of: datetime = LATER,
        files: Mapping[str, dict[str, Any]] | None = None,
    ) -> bool:
        """Whether the third evaluation leaves everything as plain Python says, with a mutant's code."""
        (self._path / "warehouse.duckdb.wal").unlink(missing_ok=True)
        shutil.copy(self._path / "start.duckdb", self._path / "warehouse.duckdb")
        self.history.ask({**self.files, **(files or {})})
        right = (REPOSITORY / mutant.file).read_text() if mutant else ""
        if mutant:
            assert right.count(mutant.right) == 1, f"{mutant.file} has not exactly one {mutant.right!r}"
            (self._path / mutant.file).write_text(right.replace(mutant.right, mutant.wrong))
        try:
            with KillableDbt(self.history.workspace) as dbt:
                self.history.evaluate(dbt, as_of, *arguments)
        except AssertionError:
            if mutant is None:
                raise
            return False
        finally:
            if mutant:
                (self._path / mutant.file).write_text(right)
        expected = self.history.expected()
        return all(members == expected for members in self.history.found().values())


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("mutants") / "project")


@pytest.mark.parametrize("name", [None, *IN_A_FULL_REFRESH])
def test_counting_everything_shows_wrong_sql(name: str | None, story: Story) -> None:
    mutant = IN_A_FULL_REFRESH[name] if name else None
    assert story.is_right(mutant, "--full-refresh", as_of=AS_OF) == (name is None)


@pytest.mark.parametrize("name", [None, *IN_A_LATER_BUILD])
def test_counting_what_changed_shows_wrong_sql(name: str | None, story: Story) -> None:
    assert story.is_right(IN_A_LATER_BUILD[name] if name else None) == (name is None)


@pytest.mark.parametrize("name", [None, *WITH_OTHER_AUDIENCES])
def test_counting_for_other_audiences_shows_wrong_sql(name: str | None, story: Story) -> None:
    assert story.is_right(WITH_OTHER_AUDIENCES[name] if name else None, files=OTHER) == (name is None)


@pytest.mark.parametrize("name", [None, *WITH_THE_SAME_CONDITIONS])
def test_an_audience_of_the_same_conditions_shows_wrong_sql(name: str | None, story: Story) -> None:
    assert story.is_right(WITH_THE_SAME_CONDITIONS[name] if name else None, files=JOINED) == (name is None)
