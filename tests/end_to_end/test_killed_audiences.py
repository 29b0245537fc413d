"""dbt killed while it counts, evaluates or publishes audiences: all is published or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.killable_dbt import KillableDbt, Run
from tests.oracles.audience_generator import AS_OF
from tests.oracles.audience_history import AudienceHistory
from tests.workspace import Workspace

pytestmark = pytest.mark.slow

LATER = AS_OF + timedelta(days=7, microseconds=1)
PEOPLE = ("--select", "+segmentloom__hashed_identifiers")
AUDIENCES = ("--select", "segmentloom.conditions", "tag:audience", "--exclude", "resource_type:unit_test")
PUBLICATION = ""
"""dbt names no node in what hooks run."""
STATE = {
    "members": "select audience, profile_id, entered_at from audience_membership order by all",
    "log": "select audience, profile_id, change, changed_at from audience_membership_log order by all",
    "sizes": "select audience, evaluated_at, members from audience_sizes order by all",
    "counts": "from int_segmentloom__event_counts order by all",
    "conditions": "from int_segmentloom__conditions order by all",
}
State = dict[str, list[tuple[Any, ...]]]


class Audiences:
    """A warehouse with published audiences, and people who change them; kept, to begin again from."""

    def __init__(self, history: AudienceHistory, dbt: KillableDbt) -> None:
        self.history = history
        self._file = history.workspace.path / "warehouse.duckdb"
        self._kept = history.workspace.path / "before.kept"
        history.land(400, AS_OF)
        history.build(dbt, AS_OF)
        self.former = self.state()
        history.land(40, LATER)
        history.displace(8)
        history.unmerge(4)
        people = dbt.run("run", *PEOPLE)
        assert people.ok, people.output
        with duckdb.connect(str(self._file)) as connection:
            connection.execute("checkpoint")
        shutil.copy(self._file, self._kept)

    def go_on(self, dbt: KillableDbt) -> None:
        """Evaluate as a run does that nothing kills."""
        self._dbt = dbt
        self.whole = self.evaluate()
        assert self.whole.ok, self.whole.output
        self.after = self.state()

    def evaluate(self, die_at: int | None = None) -> Run:
        """Have dbt evaluate and publish all audiences."""
        variables = json.dumps({"segmentloom_as_of": LATER.isoformat()})
        return self._dbt.run("build", "--vars", variables, *AUDIENCES, die_at=die_at)

    def kill(self, number: int) -> str:
        """Begin again, and kill dbt before a statement; returns what was not executed."""
        Path(f"{self._file}.wal").unlink(missing_ok=True)
        shutil.copy(self._kept, self._file)
        run = self.evaluate(number)
        assert run.killed, run.output
        return run.statements[-1].sql

    def moments(self, node: str) -> list[int]:
        """The statements of a node that change something, or end a transaction."""
        return [
            number
            for number, one in enumerate(self.whole.statements)
            if one.node.rpartition(".")[2] == node and (one.writes or one.sql.startswith("commit"))
        ]

    def state(self) -> State:
        """What the relations hold."""
        with duckdb.connect(str(self._file)) as connection:
            connection.execute("use segmentloom")
            return {name: connection.execute(sql).fetchall() for name, sql in STATE.items()}


@pytest.fixture(scope="module", params=["the same audiences", "others"])
def audiences(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Audiences]:
    history = AudienceHistory(Workspace.create(tmp_path_factory.mktemp("killed") / "project"), 3)
    history.ask(history.more_audiences(6))
    with KillableDbt(history.workspace) as dbt:
        audiences = Audiences(history, dbt)
    if request.param == "others":
        changed = {name: history.generator.file() for name in list(history.files)[-2:]}
        history.files = {**history.files, **changed}
        history.ask(history.more_audiences(2))
    with KillableDbt(history.workspace) as dbt:
        audiences.go_on(dbt)
        yield audiences


def test_the_second_run_changes_everything(audiences: Audiences) -> None:
    assert all(audiences.former[name] != audiences.after[name] for name in STATE)
    assert {row[2] for row in audiences.after["log"] if row not in audiences.former["log"]} == {
        "enter",
        "exit",
    }
    audiences.history.as_of = LATER
    expected = audiences.history.expected()
    assert {
        name: {row[1] for row in audiences.after["members"] if row[0] == name} for name in expected
    } == expected


@pytest.mark.parametrize(
    "node", ["int_segmentloom__event_counts", "int_segmentloom__conditions", PUBLICATION]
)
def test_a_run_killed_at_any_statement_has_published_all_or_nothing(node: str, audiences: Audiences) -> None:
    moments = audiences.moments(node)
    assert moments
    for number in moments:
        statement = audiences.kill(number)
        now = audiences.state()
        published = {name: now[name] for name in ("members", "log", "sizes")}
        assert published in (
            {name: audiences.former[name] for name in published},
            {name: audiences.after[name] for name in published},
        ), statement
        again = audiences.evaluate()
        assert again.ok, (statement, again.output)
        assert audiences.state() == audiences.after, statement
