"""Which evaluation the published members come from."""

from __future__ import annotations

from datetime import timedelta

from segmentloom_sync.sync.evaluations import published_evaluation, published_evaluations
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.shop import Shop, TestClock


def test_members_are_as_old_as_the_evaluation_that_was_published(
    shop: Shop, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    assert published_evaluations(warehouse) == {shop.audience: clock.now()}
    assert published_evaluation(warehouse, shop.audience, None) == clock.now()


def test_so_is_an_audience_without_members(shop: Shop, warehouse: Warehouse, clock: TestClock) -> None:
    shop.publish()
    assert published_evaluations(warehouse) == {shop.audience: clock.now()}


def test_it_is_of_one_time_only(shop: Shop, warehouse: Warehouse, clock: TestClock) -> None:
    shop.publish()
    assert published_evaluation(warehouse, shop.audience, clock.now()) == clock.now()
    for distance in (timedelta(days=2), timedelta(days=-2)):
        assert published_evaluation(warehouse, shop.audience, clock.now() + distance) is None


def test_it_is_not_known_of_an_audience_that_was_not_published_or_retired(
    shop: Shop, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.publish()
    assert published_evaluation(warehouse, "another", None) is None
    assert published_evaluation(warehouse, "another", clock.now()) is None
    warehouse.execute(f"delete from {warehouse.relation('int_segmentloom__publications')} where true")
    assert published_evaluations(warehouse) == {}


def test_nothing_is_known_before_anything_is_built(warehouse: Warehouse) -> None:
    warehouse.drop(warehouse.relation("int_segmentloom__publications"))
    assert published_evaluations(warehouse) == {}
