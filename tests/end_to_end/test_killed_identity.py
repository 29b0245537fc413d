"""dbt killed while it stitches, or told to build some models only: the next run is right."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from tests.incremental_events import LATEST_PROGRESS
from tests.killable_dbt import KillableDbt, Run
from tests.oracles.build import LOW_LIMITS, block_seed, warehouse_of
from tests.oracles.histories import in_builds
from tests.oracles.landed import land
from tests.oracles.messy_events import messy_events
from tests.workspace import Workspace

pytestmark = pytest.mark.slow

SELECTED = ("--select", "+segmentloom__hashed_identifiers +segmentloom__identity_conflicts")
FOLDS = ("sightings", "event_links", "alias_events", "owner_attributes", "segmentloom__profiles")
STATE = {
    "identifiers": "from identifiers order by all",
    "profiles": "from profiles order by profile_id",
    "hashes": "from hashed_identifiers order by all",
    "conflicts": "from identity_conflicts order by all",
    "causes": "select * exclude (batch) from int_segmentloom__identity_map order by identifier_key",
    "log": "select * exclude (merge_id, run_id, happened_at) from profile_merges order by all",
    "progress": "select consumer, batch from latest_progress order by consumer",
}
State = dict[str, list[tuple[Any, ...]]]


class Stitching:
    """A warehouse with profiles, and events that change them; both are kept, to begin again from."""

    def __init__(self, workspace: Workspace, dbt: KillableDbt) -> None:
        self._workspace, self._dbt = workspace, dbt
        self._file = workspace.path / "warehouse.duckdb"
        self._kept = workspace.path / "before.kept"
        first, second = in_builds(messy_events(5, 40, with_blocked=True), 2, Random(5))
        self._land(first)
        self.run("seed")
        self.run("run", *SELECTED)
        self.former = self.state()
        self._land(second)
        shutil.copy(self._file, self._kept)
        self.whole = self.run("run", *SELECTED)
        self.after = self.state()

    def run(self, *arguments: str) -> Run:
        """Run dbt to its end."""
        run = self._dbt.run(*arguments)
        assert run.ok, run.output
        return run

    def begin_again(self) -> None:
        """Take the warehouse back to the profiles of the first half, with the second half landed."""
        Path(f"{self._file}.wal").unlink(missing_ok=True)
        shutil.copy(self._kept, self._file)

    def kill(self, number: int) -> str:
        """Begin again, and kill dbt before a statement; returns what was not executed."""
        self.begin_again()
        run = self._dbt.run("run", *SELECTED, die_at=number)
        assert run.killed, run.output
        return run.statements[-1].sql

    def state(self) -> State:
        """What the relations hold."""
        with duckdb.connect(str(self._file)) as connection:
            connection.execute("use segmentloom")
            connection.execute(LATEST_PROGRESS)
            return {name: connection.execute(sql).fetchall() for name, sql in STATE.items()}

    def _land(self, deliveries: Sequence[Any]) -> None:
        with warehouse_of(self._workspace) as warehouse:
            land(warehouse, deliveries)
            warehouse.execute("checkpoint")


@pytest.fixture(scope="module")
def stitching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stitching]:
    workspace = Workspace.create(tmp_path_factory.mktemp("killed") / "project", variables=LOW_LIMITS)
    block_seed(workspace)
    with KillableDbt(workspace) as dbt:
        yield Stitching(workspace, dbt)


def _moments(run: Run, node: str) -> list[int]:
    """The statements of a model that change something, or end a transaction."""
    return [
        number
        for number, one in enumerate(run.statements)
        if one.node.endswith(node) and (one.writes or one.sql.startswith("commit"))
    ]


def _has_happened_or_not(stitching: Stitching, number: int) -> None:
    statement = stitching.kill(number)
    now = stitching.state()
    for relation in ("identifiers", "profiles", "hashes", "conflicts", "causes", "log"):
        assert now[relation] in (stitching.former[relation], stitching.after[relation]), (relation, statement)
    # What the map says, the log and the refusals say as well: they change together.
    is_stitched = [
        now[name] == stitching.after[name] for name in ("identifiers", "conflicts", "causes", "log")
    ]
    assert len(set(is_stitched)) == 1, statement
    stitching.run("run", *SELECTED)
    assert stitching.state() == stitching.after, statement


def test_the_second_half_of_the_events_changes_everything(stitching: Stitching) -> None:
    assert all(stitching.former[name] != stitching.after[name] for name in STATE)
    kinds = {row[0] for row in stitching.after["log"]}
    assert kinds == {"merge", "split", "rename"}


def test_a_run_killed_around_its_transactions_has_happened_or_not(stitching: Stitching) -> None:
    moments = [_moments(stitching.whole, name)[-1] for name in FOLDS]
    map_ = _moments(stitching.whole, "identity_map")
    [commit] = [number for number in map_ if stitching.whole.statements[number].sql.startswith("commit")]
    for number in [*moments, map_[len(map_) // 3], commit - 3, commit, commit + 1]:
        _has_happened_or_not(stitching, number)


@pytest.mark.parametrize(
    "name",
    ["sightings", "event_links", "alias_events", "identity_map", "attributes", "segmentloom__profiles"],
)
def test_a_run_killed_at_any_statement_has_happened_or_not(name: str, stitching: Stitching) -> None:
    for number in _moments(stitching.whole, name):
        _has_happened_or_not(stitching, number)
