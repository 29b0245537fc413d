"""What people decided about lists is found again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from segmentloom_sync.sync.decisions import decided_audiences, list_decisions
from segmentloom_sync.sync.environment import Binding, Environment
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.conftest import open_memory_warehouse
from tests.unit.sync.shop import AUDIENCE, Shop, TestClock


def test_releases_and_rebinds_are_told_the_newest_first(
    shop: Shop, target: SyncTarget, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    one, two = (Environment(name, "memory.segmentloom_sync") for name in ("one", "two"))
    other = replace(target, audience="others", list_name="Others")
    SyncRunner(warehouse, clock, binding=Binding(one)).run(target)
    assert list_decisions(warehouse, limit=9) == []
    clock.time += timedelta(minutes=1)
    shop.people.clear()
    shop.publish()
    SyncRunner(warehouse, clock, binding=Binding(one)).run(target)
    released = SyncRunner(warehouse, clock, binding=Binding(one), released_by="Jo").run(target)
    clock.time += timedelta(minutes=1)
    assert SyncRunner(warehouse, clock, binding=Binding(two, by="Kim")).run(target).status == "ok"
    SyncRunner(warehouse, clock, binding=Binding(two)).run(other)

    rebound, release = list_decisions(warehouse, limit=9)
    assert (release.decision, release.decided_by, release.run_id) == ("released", "Jo", released.run_id)
    assert (rebound.decision, rebound.decided_by, rebound.target) == ("rebound", "Kim", "two")
    assert rebound.document()["list"] == target.list_name
    assert list_decisions(warehouse, limit=1) == [rebound]
    assert list_decisions(warehouse, limit=9, since=clock.now()) == [rebound]
    assert list_decisions(warehouse, limit=9, audience="others") == []
    assert decided_audiences(warehouse) == [AUDIENCE]


def test_replacements_are_told(shop: Shop, warehouse: Warehouse, clock: TestClock) -> None:
    replacements = warehouse.relation("replacements", "sync")
    warehouse.execute(
        f"insert into {replacements} (destination, list_name, audience, run_id, requested_by, started_at)"
        " values ('memory', 'Buyers', :audience, 'r1', 'Lee', :now)",
        audience=AUDIENCE,
        now=clock.now(),
    )
    [decision] = list_decisions(warehouse, limit=9)
    assert (decision.decision, decision.decided_by, decision.run_id) == ("replaced", "Lee", "r1")
    assert decision.decided_at == clock.now()


def test_before_the_first_sync_nothing_was_decided() -> None:
    warehouse = open_memory_warehouse()
    assert (list_decisions(warehouse, limit=9), decided_audiences(warehouse)) == ([], [])
    warehouse.close()
