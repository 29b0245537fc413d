"""Which evaluation the published members come from."""

from __future__ import annotations

from datetime import timedelta

from segmentloom_sync.sync.evaluations import published_evaluation, published_evaluations
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.shop import Shop, TestClock


def test_members_of_an_older_evaluation_are_as_old_as_it_though_a_newer_one_was_counted(
    shop: Shop, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    count(warehouse, clock, 1)
    assert published_evaluations(warehouse) == {shop.audience: clock.now()}


def test_no_members_are_as_old_as_the_newest_evaluation_that_found_none(
    shop: Shop, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.publish()
    count(warehouse, clock, 1)
    assert published_evaluations(warehouse) == {shop.audience: clock.now()}
    newer = clock.now() + timedelta(days=2)
    assert published_evaluation(warehouse, shop.audience, newer) is None


def test_it_is_not_known_of_an_audience_whose_members_were_all_retired(
    shop: Shop, warehouse: Warehouse, clock: TestClock
) -> None:
    count(warehouse, clock, 1)
    assert published_evaluations(warehouse) == {}


def count(warehouse: Warehouse, clock: TestClock, members: int) -> None:
    """Record the size of an evaluation of two days later."""
    warehouse.execute(
        f"insert into {warehouse.relation('audience_sizes')} values ('buyers', :at, :members)",
        at=clock.now() + timedelta(days=2),
        members=members,
    )
