"""Fails the n-th operation of a run, and says whether all is well then and after runs that do not fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pyarrow as pa
import requests

from segmentloom_sync.destinations.base import Identifier, Operation
from segmentloom_sync.errors import WarehouseError
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.tables import ensure_tables
from segmentloom_sync.warehouse.base import Area, Columns, Statement, Warehouse
from tests.unit.sync.faults import Fuse, FusedWarehouse
from tests.unit.sync.world import STRANGER, WAIT, World, run

LEASE = timedelta(seconds=61)
"""After it the lease of a run that is gone has expired."""


@dataclass
class Failure(Fuse):
    """One operation fails: the one before or after which the n-th point is."""

    requests: list[int] = field(default_factory=list)
    """The points before and after requests."""

    def burn(self) -> None:
        self.count += 1
        if self.count == self.at:
            raise WarehouseError("the connection broke")


@dataclass
class FailingWarehouse(FusedWarehouse):
    """A write may also fail once it is written, as for a connection that breaks before the answer."""

    def execute(self, sql: str, **parameters: Any) -> int:
        rows = super().execute(sql, **parameters)
        self.fuse.pass_through()
        return rows

    def apply(self, statements: Sequence[Statement]) -> None:
        super().apply(statements)
        self.fuse.pass_through()

    def ensure_table(self, name: str, area: Area, columns: Columns) -> None:
        self.fuse.pass_through()
        super().ensure_table(name, area, columns)

    def stage(self, name: str, area: Area, columns: Columns, batches: Iterable[pa.RecordBatch]) -> str:
        relation = super().stage(name, area, columns, batches)
        self.fuse.pass_through()
        return relation

    def scratch_table_as(self, name: str, area: Area, query: Statement) -> str:
        relation = super().scratch_table_as(name, area, query)
        self.fuse.pass_through()
        return relation


class FailingSession(requests.Session):
    """A request may fail before it is sent, and once the platform has acted on it."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self._fuse = fuse

    def request(self, *arguments: Any, **keywords: Any) -> requests.Response:
        self._pass_through(requests.exceptions.ConnectTimeout())
        response = super().request(*arguments, **keywords)
        try:
            self._pass_through(requests.exceptions.ConnectionError("the connection was reset"))
        except requests.RequestException:
            response.close()
            raise
        return response

    def _pass_through(self, error: requests.RequestException) -> None:
        try:
            self._fuse.pass_through()
        except WarehouseError:
            raise error from None
        finally:
            if isinstance(self._fuse, Failure):
                self._fuse.requests.append(self._fuse.count)


@dataclass
class Trial:
    """One run that fails, and what comes after it.

    Whoever was about to be added is gone when the next run comes, and somebody else has come.
    """

    world: World
    _warehouse: Warehouse = field(init=False)
    _barred: set[Identifier] = field(default_factory=set)
    _broken: list[str] = field(default_factory=list)
    _pushes: int = 0

    def of_failure(self, fuse: Failure, opts_out_at: int | None = None) -> None:
        """An operation fails, or nothing does; cat may opt out at a point meanwhile.

        Raises:
            AssertionError: something is broken; it begins with the name of the invariant.
        """
        self.world.restore()
        with closing(self.world.open()) as warehouse, FailingSession(fuse) as session:
            self._begin(warehouse)
            fuse.during = self._during(opts_out_at)
            failing = FailingWarehouse(warehouse, fuse)
            settings = self.world.settings(session=session, pushed=self._pushed)
            with suppress(WarehouseError):  # nothing but making the tables fails outside a list's run
                ensure_tables(failing)
                report = run(failing, settings, self.world.clock, self.world.list_name, **self.world.options)
                _add_up(report)
                assert (report.status == "ok") == (report.exit_code == 0), "I11"
            self._end()

    def of_death(self, die: Callable[[World], bool]) -> bool:
        """The process of the run is killed, if it comes so far; returns whether it was.

        Raises:
            AssertionError: as `of_failure`.
        """
        self.world.restore()
        is_dead = die(self.world)
        with closing(self.world.open()) as warehouse:
            self._begin(warehouse)
            self._end()
        return is_dead

    def _begin(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._barred = self.world.shop.all_barred

    def _end(self) -> None:
        self._check()
        ensure_tables(self._warehouse)
        self._recover()

    def _during(self, opts_out_at: int | None) -> Callable[[int], None]:
        def happen(number: int) -> None:
            self._check()
            if number == opts_out_at:
                self.world.shop.request("opt_out", "email:hal@example.com")
                self._barred = self.world.shop.all_barred

        return happen

    def _pushed(self, operation: Operation, identifiers: set[Identifier]) -> None:
        self._pushes += 1
        if operation == "add" and identifiers & self._barred:
            self._broken.append("I3: somebody who opted out is sent")

    def _check(self) -> None:
        """Note what does not hold though it has to at every instant; a run would catch an error."""
        if not self.world.members() - {STRANGER} <= self._ledger():
            self._broken.append("I4: the ledger lacks somebody who is on the list")

    def _recover(self) -> None:
        """Plain runs bring the list into step, and a further one sends nothing."""
        self.world.shop.people["gus"].is_member = False
        self.world.shop.add("ivy")
        self.world.clock.advance(LEASE.total_seconds())
        self.world.shop.publish()
        self._run(**self.world.options)
        # A replacement may have to begin after all that, and needs three runs of its own.
        for _ in range(4 * self.world.is_asynchronous + 3 * bool(self.world.replacement)):
            if not self._open_rows():
                break
            self.world.clock.advance(WAIT.total_seconds())
            self._run()
        wanted, members = self.world.wanted(), self.world.members()
        assert members <= wanted, "I1: somebody is left behind"
        assert wanted <= members, "I1: somebody is missing"
        assert self._ledger() == wanted, "I1: the ledger holds something else"
        assert not self._open_rows(), "I1: something still waits for answers"
        before = self._pushes
        self._run()
        assert self._pushes == before, "I5: a further run sends something"

    def _run(self, **options: Any) -> None:
        settings = self.world.settings(session=self.world.session, pushed=self._pushed)
        report = run(self._warehouse, settings, self.world.clock, self.world.list_name, **options)
        _add_up(report)
        assert report.status == "ok", f"I1: the run is {report.status}: {report.message}"
        self._check()
        assert not self._broken, self._broken[0]

    def _ledger(self) -> set[Identifier]:
        ledger = self._warehouse.relation("ledger", "sync")
        return {
            Identifier(*row)
            for row in self._warehouse.rows(
                f"select identifier_type, identifier from {ledger} where list_name = :name",
                name=self.world.list_name,
            )
        }

    def _open_rows(self) -> int:
        """Rows whose last call has no final answer yet, and such requests and replacements."""
        ledger, batches, replacements = (
            self._warehouse.relation(table, "sync") for table in ("ledger", "batches", "replacements")
        )
        [(waiting,)] = self._warehouse.rows(
            f"select (select count(*) from {ledger} where state <> 'accepted')"
            f" + (select count(*) from {batches} where state = 'processing')"
            f" + (select count(*) from {replacements} where finished_at is null)"
        )
        return int(waiting)


def _add_up(report: RunReport) -> None:
    assert min(report.accepted, report.rejected, report.unknown) >= 0, "I6: the counts do not add up"
