"""A shop whose list is at a simulated platform and whose tables are in a file, a state that can be restored.

The list Buyers was in step; since then people came, left, changed an e-mail address and opted out. The list
Fresh does not exist yet. A run takes one of the two.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb
import requests

from segmentloom_sync.destinations.base import (
    AudienceList,
    Clock,
    Destination,
    Identifier,
    Member,
    Operation,
    Receipt,
)
from segmentloom_sync.destinations.registry import destination_type
from segmentloom_sync.settings import ConfiguredDestination
from segmentloom_sync.simulators import SimulatorClock
from segmentloom_sync.simulators.lists import Key, SimulatedList
from segmentloom_sync.simulators.platform import Platform
from segmentloom_sync.sync.environment import Binding, environment_of
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.target import SyncTarget, consent_rule
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.duckdb import DuckDb
from segmentloom_sync.warehouse.duckdb_open import open_database
from segmentloom_sync.warehouse.duckdb_settings import DuckDbSettings
from tests.unit.sync.shop import AUDIENCE, START, Person, Shop, TestClock, email

ListName = Literal["Buyers", "Fresh"]
BATCH_SIZE = 2
WAIT = timedelta(minutes=31)
"""After it a platform is asked what became of a request."""
STRANGER = email("stranger")
"""Whom others may put on a list."""


class Time(TestClock, SimulatorClock):
    """One time for the platform and the run, which can be set back."""

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def open_connection(file: Path) -> duckdb.DuckDBPyConnection:
    """The tables' file, as a run opens it; one thread, as the statements are small."""
    return open_database(DuckDbSettings(str(file), None, file, {"threads": 1}, (), (), {}))


def open_file(file: Path) -> Warehouse:
    """The tables."""
    return DuckDb(open_connection(file), "segmentloom", lambda: None)


@dataclass(frozen=True)
class Configured:
    """A segmentloom.yml with one destination, whose requests go through `session`."""

    block: Mapping[str, Any]
    session: requests.Session | None = None
    pushed: Callable[[Operation, set[Identifier]], None] = lambda operation, identifiers: None

    @property
    def name(self) -> str:
        return str(self.block["type"])

    def destinations(self, names: Iterable[str], clock: Clock) -> dict[str, ConfiguredDestination]:
        kind = destination_type(self.name)
        block = kind.Settings.model_validate({**self.block, "batch_size": BATCH_SIZE, "max_retries": 0})
        destination = kind(block, clock=clock, session=self.session)
        plain = destination.push

        def push(audience_list: AudienceList, operation: Operation, members: Sequence[Member]) -> Receipt:
            self.pushed(operation, {entry for member in members for entry in member.identifiers})
            receipt: Receipt = plain(audience_list, operation, members)
            return receipt

        destination.push = push
        return {name: ConfiguredDestination(name, destination, block) for name in names}


def run(
    warehouse: Warehouse,
    settings: Configured,
    clock: Clock,
    list_name: str,
    **options: Any,
) -> RunReport:
    """Sync the list, as `segmentloom-sync run --no-build` does once it is connected.

    Args:
        options: as `SyncRunner` takes them.
    """
    [configured] = settings.destinations([settings.name], clock).values()
    target = SyncTarget(
        audience=AUDIENCE,
        destination_name=settings.name,
        destination=configured.destination,
        list_name=list_name,
        identifier_types=configured.destination.identifier_types,
        consent_rule=consent_rule(configured.destination, configured.settings),
        max_retries=configured.settings.max_retries,
    )
    binding = Binding(environment_of(warehouse, "test"))
    return SyncRunner(warehouse, clock, binding=binding, **options).run(target)


@dataclass
class World:
    """The state, in a folder of its own.

    Args:
        simulator: a platform that is served; its lists are this world's.
        clock: the simulator's.
        list_name: the list that runs take.
        replacement: which run of a replacement of the list fails, counted from 1: the one that begins it, has
            the others removed or is told so; 0 where nothing is replaced. The list Buyers holds somebody then
            whom others have put there.
    """

    simulator: Platform
    clock: Time
    folder: Path
    list_name: ListName
    session: requests.Session
    """For requests that do not fail."""
    replacement: int = 0
    shop: Shop = field(init=False)
    _people: dict[str, Person] = field(default_factory=dict)
    _barred: tuple[set[str], set[Identifier]] = (set(), set())
    _lists: list[SimulatedList] = field(default_factory=list)
    _time: datetime = START

    @property
    def file(self) -> Path:
        return self.folder / "shop.duckdb"

    @property
    def destination(self) -> type[Destination]:
        kind: type[Destination] = destination_type(self.simulator.name)
        return kind

    @property
    def is_asynchronous(self) -> bool:
        """Whether the platform says only later what became of a request."""
        return self.simulator.name == "google_ads"

    @property
    def options(self) -> dict[str, Any]:
        """Of the run that fails, and of the first one after it."""
        return {"replaced_by": "ann"} if self.replacement == 1 else {}

    def prepare(self) -> None:
        """Make the state, and keep it to be restored."""
        with closing(open_file(self.file)) as warehouse:
            self.shop = Shop(warehouse, self.clock, hash_rule=self.destination.hash_rule)
            self.shop.prepare()
            self._fill(warehouse)
            if self.replacement:
                self._put_stranger()
                for turn in range(1, self.replacement):
                    self._run(warehouse, replaced_by="ann" if turn == 1 else None)
            self._change()
        self._people, self._time = self.shop.people, self.clock.time
        self._barred = (self.shop.barred_values, self.shop.barred)
        self._lists = copy.deepcopy(list(self.simulator.lists))
        shutil.copy(self.file, self._kept)

    def restore(self) -> None:
        """Go back to what `prepare` made."""
        self.file.with_name(f"{self.file.name}.wal").unlink(missing_ok=True)
        shutil.copy(self._kept, self.file)
        self.clock.time = self._time
        for entry in list(self.simulator.lists):
            self.simulator.lists.delete(entry.id)
        for entry in copy.deepcopy(self._lists):
            self.simulator.lists.restore(entry)

    def open(self) -> Warehouse:
        """Open the file, and know what the shop knew when it was made."""
        warehouse = open_file(self.file)
        self.shop = Shop(warehouse, self.clock, self.destination.hash_rule)
        self.shop.people = copy.deepcopy(self._people)
        values, identifiers = self._barred
        self.shop.barred_values, self.shop.barred = set(values), set(identifiers)
        return warehouse

    def settings(self, **changes: Any) -> Configured:
        return Configured(self.simulator.settings(), **changes)

    def members(self) -> set[Identifier]:
        """What the platform's list holds; empty while there is none."""
        found = [entry for entry in self.simulator.lists if entry.name == self.list_name]
        assert len(found) < 2, "a list was made twice"
        return {Identifier(*key) for entry in found for key in entry.members}

    def wanted(self) -> set[Identifier]:
        """What the list shall hold once all is well, computed without SQL."""
        return self.shop.wanted(types=self.destination.identifier_types)

    @property
    def _kept(self) -> Path:
        return self.folder / "kept.duckdb"

    def _fill(self, warehouse: Warehouse) -> None:
        self.shop.add("ann", "bob", "cat", "eve", "fay")
        for name in ("ann", "bob"):
            self.shop.people[name].emails = (name, "home")
        self.shop.people["ann"].phones = ("+1650",)
        self.shop.publish()
        for _ in range(2):  # an asynchronous platform confirms
            self._run(warehouse)

    def _run(self, warehouse: Warehouse, **options: Any) -> None:
        report = run(warehouse, self.settings(session=self.session), self.clock, "Buyers", **options)
        assert report.status == "ok", report
        self.clock.sleep(WAIT.total_seconds())

    def _put_stranger(self) -> None:
        [entry] = self.simulator.lists
        entry.members[Key(*STRANGER)] = self.clock.now() - timedelta(days=1)

    def _change(self) -> None:
        """New people, a leaver whose shared address stays, a new address, and two who opt out."""
        self.shop.add("gus", "hal")
        self.shop.people["bob"].is_member = False
        self.shop.people["cat"].emails = ("cat.new",)
        self.shop.people["fay"].is_opted_out = True
        self.shop.publish()
        self.shop.request("opt_out", "email:eve@example.com")
