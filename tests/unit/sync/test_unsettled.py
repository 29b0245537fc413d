"""Which audiences a run takes before their cadence says so."""

from __future__ import annotations

from hashlib import md5

from segmentloom_sync.audiences.definition import AudienceFile
from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.audiences.wording import definition_text
from segmentloom_sync.sync.unsettled import unsettled_audiences
from segmentloom_sync.warehouse.base import Columns, Warehouse
from tests.unit.sync.shop import Shop, TestClock

CHANGES: Columns = {"audience": "string", "changed_at": "timestamp", "new_hash": "string"}


def audience(name: str, event: str) -> Audience:
    return Audience(name, f"audiences/{name}.yml", AudienceFile.model_validate({"match": {"event": event}}))


def digest(of: Audience) -> str:
    return md5(definition_text(of.file).encode(), usedforsecurity=False).hexdigest()


def test_a_changed_file_is_taken_at_once(shop: Shop, warehouse: Warehouse, clock: TestClock) -> None:
    files = {name: audience(name, name) for name in ("same", "other", "back", "new")}
    shop.publish()
    assert unsettled_audiences(warehouse, files) == set()
    warehouse.ensure_table("audience_changes", "", CHANGES)
    recorded = [
        ("same", "x"),
        ("same", "same"),
        ("other", "other"),
        ("other", "x"),
        ("back", "x"),
        ("back", None),
        ("gone", "gone"),
    ]
    for name, event in recorded:
        clock.sleep(1)
        warehouse.execute(
            f"insert into {warehouse.relation('audience_changes')} values (:name, :now, :digest)",
            name=name,
            now=clock.now(),
            digest=digest(audience(name, event)) if event else None,
        )
    assert unsettled_audiences(warehouse, files) == {"other"}


def test_an_audience_that_failed_its_tests_is_taken_again(shop: Shop, warehouse: Warehouse) -> None:
    shop.publish()
    warehouse.execute(
        f"insert into {warehouse.relation('int_segmentloom__failed_audiences')}"
        " select audience, evaluated_at, 'audience_buyers_min_members'"
        f" from {warehouse.relation('int_segmentloom__publications')}"
    )
    assert unsettled_audiences(warehouse, {}) == {shop.audience}
