"""Which evaluation the published members come from."""

from __future__ import annotations

from datetime import timedelta

import pytest

from segmentloom_sync.errors import SegmentloomError
from segmentloom_sync.sync.evaluations import (
    check_fresh,
    check_passed,
    failed_evaluations,
    published_evaluation,
    published_evaluations,
)
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
    assert failed_evaluations(warehouse) == {}


def test_one_that_was_never_evaluated_may_have_no_model_yet(clock: TestClock) -> None:
    hour = timedelta(hours=1)
    with pytest.raises(SegmentloomError, match="carts has never been evaluated") as refused:
        check_fresh("carts", None, hour, clock.now(), remedy="`dbt build`")
    assert str(refused.value.hint).startswith(
        "`segmentloom-sync compile` writes its model, then `dbt build` "
    )
    with pytest.raises(SegmentloomError, match=r"is 2\.0 hours old") as refused:
        check_fresh("carts", clock.now() - 2 * hour, hour, clock.now(), remedy="`dbt build`")
    assert refused.value.hint == "`dbt build`"
    check_fresh("carts", clock.now() - hour, hour, clock.now(), remedy="`dbt build`")


def test_members_whose_newest_evaluation_failed_are_not_to_be_sent(
    shop: Shop, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.publish()
    check_passed(warehouse, shop.audience)
    assert failed_evaluations(warehouse) == {}
    warehouse.execute(
        f"insert into {warehouse.relation('int_segmentloom__failed_audiences')}"
        " values (:audience, :now, 'audience_buyers_min_members')",
        audience=shop.audience,
        now=clock.now(),
    )
    assert failed_evaluations(warehouse) == {shop.audience: (clock.now(), "audience_buyers_min_members")}
    with pytest.raises(SegmentloomError, match=r"UTC, failed tests: audience_buyers_min_members$"):
        check_passed(warehouse, shop.audience)
    check_passed(warehouse, "another")


def test_nothing_is_known_before_anything_is_built(warehouse: Warehouse) -> None:
    for name in ("int_segmentloom__publications", "int_segmentloom__failed_audiences"):
        warehouse.drop(warehouse.relation(name))
    assert published_evaluations(warehouse) == {}
    assert failed_evaluations(warehouse) == {}
