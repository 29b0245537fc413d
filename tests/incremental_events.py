"""A project whose events are built again and again, and what the warehouse then holds."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.killable_dbt import KillableDbt, Run
from tests.oracles.events import Delivery
from tests.oracles.landed import land
from tests.workspace import Workspace

DAY = datetime(2026, 3, 1)
EVENTS_MODEL = "segmentloom__events"
LATEST_PROGRESS = """
create temp view latest_progress as
select * exclude (entry, updated_at) from int_segmentloom__progress
qualify row_number() over (partition by consumer order by entry desc) = 1
"""
"""How far each model has come: the entry of each that counts."""


class IncrementalEvents:
    """Builds `S.events` in a workspace; `reset` takes it back to where it was when this was made."""

    def __init__(self, workspace: Workspace, dbt: KillableDbt) -> None:
        self._path = workspace.path
        self._file = workspace.path / "warehouse.duckdb"
        self._dbt = dbt
        self.land(delivery("a", "load1", 1), delivery("b", "load1", 1, user_id=None, email="b@x.org"))
        for command in (
            ("seed",),
            ("run", "--select", f"int_segmentloom__blocked_identifiers {EVENTS_MODEL}"),
        ):
            run = dbt.run(*command)
            assert run.ok, run.output
        self._begin = self.keep("begin")

    def reset(self, kept: Path | None = None) -> None:
        """Take the warehouse back to the events a and b of one load, or to what `keep` kept."""
        Path(f"{self._file}.wal").unlink(missing_ok=True)
        shutil.copy(kept or self._begin, self._file)

    def keep(self, name: str) -> Path:
        """Keep the warehouse as it is now."""
        self.rows("checkpoint")
        return Path(shutil.copy(self._file, self.kept(name)))

    def kept(self, name: str) -> Path:
        """Where it was kept."""
        return self._path / f"{name}.kept"

    def warehouse(self) -> AbstractContextManager[Warehouse]:
        """A connection; dbt cannot run while it is open."""
        return closing(connect(Project.find(self._path)))

    def land(self, *deliveries: Delivery) -> None:
        """Land deliveries with their loads."""
        with self.warehouse() as warehouse:
            land(warehouse, deliveries)

    def build(self, *arguments: str) -> Run:
        """Build the events; it must succeed."""
        run = self._dbt.run("run", "--select", EVENTS_MODEL, *arguments)
        assert run.ok, run.output
        return run

    def build_killed(self, die_at: int, *arguments: str) -> Run:
        """Build the events until it is killed before a statement."""
        run = self._dbt.run("run", "--select", EVENTS_MODEL, *arguments, die_at=die_at)
        assert run.killed, run.output
        return run

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query says, or a statement."""
        with duckdb.connect(str(self._file)) as connection:
            connection.execute("use segmentloom")
            connection.execute(LATEST_PROGRESS)
            found: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            return found

    @property
    def names(self) -> dict[str, str]:
        """Which delivery of each event counts, by the name that it gives."""
        return dict(self.rows("select event_id, event from events"))

    @property
    def batches(self) -> dict[str, int]:
        """With which batch each event came."""
        return dict(self.rows("select event_id, batch from events"))


def delivery(event_id: str, load: str, days: int, name: str = "first", **fields: Any) -> Delivery:
    """A delivery whose load came in some days after the first of March."""
    return Delivery(
        **{
            "source_id": "web",
            "event_id": event_id,
            "type": "track",
            "event": name,
            "occurred_at": DAY,
            "loaded_at": DAY + timedelta(days=days),
            "load_id": load,
            "user_id": "u1",
            **fields,
        }
    )
