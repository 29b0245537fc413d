"""Wrong versions of the shared evaluation: builds that show none of them wrong prove nothing."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from tests.killable_dbt import KillableDbt
from tests.oracles.audience_generator import AS_OF
from tests.oracles.audience_history import AudienceHistory
from tests.oracles.condition_mutants import CONDITION_MUTANTS
from tests.workspace import REPOSITORY, Workspace

pytestmark = pytest.mark.slow

BEFORE = AS_OF + timedelta(hours=1)
LATER = AS_OF + timedelta(hours=7, microseconds=1)
CHANGED = {"match": {"event": "Viewed Pricing", "within": "90 days", "count": ">= 2"}}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> AudienceHistory:
    """Two builds, and what a third will find: some new, late and displaced events, a split, other rules.

    It touches few of many persons: who is looked at again anyway comes out right with wrong SQL too.
    """
    told = AudienceHistory(Workspace.create(tmp_path_factory.mktemp("mutants") / "project"), 7, persons=250)
    changing = {"changing": {"match": {"event": "Viewed Pricing", "within": "90 days"}}}
    told.ask({**told.more_audiences(40), **changing})
    told.land(1500, AS_OF)
    with KillableDbt(told.workspace) as dbt:
        told.build(dbt, AS_OF)
        told.land(20, BEFORE)
        told.build(dbt, BEFORE)
    told.land(30, LATER)
    told.displace(4)
    told.unmerge(2)
    told.ask({**told.files, "changing": CHANGED})
    path = told.workspace.path
    shutil.copy(path / "warehouse.duckdb", path / "start.duckdb")
    (path / "macros").unlink()
    shutil.copytree(REPOSITORY / "macros", path / "macros")
    return told


@pytest.mark.parametrize("name", [None, *CONDITION_MUTANTS])
def test_a_later_build_shows_wrong_sql(name: str | None, history: AudienceHistory) -> None:
    path = history.workspace.path
    shutil.copy(path / "start.duckdb", path / "warehouse.duckdb")
    if name is not None:
        mutant = CONDITION_MUTANTS[name]
        right = (REPOSITORY / mutant.file).read_text()
        assert right.count(mutant.right) == 1, f"{mutant.file} has not exactly one {mutant.right!r}"
        (path / mutant.file).write_text(right.replace(mutant.right, mutant.wrong))
    try:
        with KillableDbt(history.workspace) as dbt:
            history.build(dbt, LATER)
        expected = history.expected()
        is_right = all(members == expected for members in history.found().values())
    finally:
        if name is not None:
            (path / mutant.file).write_text(right)
    assert is_right == (name is None)
