"""A list is kept in step by one environment, and no other one touches it by accident."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segmentloom_sync.destinations.base import AudienceList
from segmentloom_sync.destinations.marks import Mark, mark_of, marked
from segmentloom_sync.errors import Rejected
from segmentloom_sync.sync.environment import Binding, Environment, environment_id, environment_of
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.conftest import open_memory_warehouse
from tests.unit.sync.memory_platform import DescribedPlatform, MemoryPlatform
from tests.unit.sync.shop import Shop, TestClock, email


@pytest.fixture
def platform() -> DescribedPlatform:
    return DescribedPlatform()


def runner_of(
    warehouse: Warehouse, clock: TestClock, target_name: str, rebound_by: str | None = None
) -> SyncRunner:
    return SyncRunner(warehouse, clock, binding=Binding(environment_of(warehouse, target_name), rebound_by))


def lists(warehouse: Warehouse) -> list[tuple[str | None, str | None]]:
    return [
        (target, by)
        for target, by in warehouse.rows(
            f"select target, bound_by from {warehouse.relation('lists', 'sync')} order by recorded_at"
        )
    ]


def test_the_first_sync_binds_and_another_target_is_refused(
    shop: Shop, platform: DescribedPlatform, target: SyncTarget, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    assert runner_of(warehouse, clock, "prod").run(target).status == "ok"
    calls = len(platform.calls)
    shop.add("bob")
    shop.publish()

    dev = runner_of(warehouse, clock, "dev")
    for report in (dev.run(target), dev.plan(target)):
        assert (report.status, report.exit_code) == ("failed", 2)
        assert report.message == (
            "the list 'Buyers' at memory is kept in step by target prod (memory.segmentloom_sync), "
            "and this is target dev (memory.segmentloom_sync)"
        )
        assert "run buyers --rebind --by YOUR_NAME" in str(report.hint)
    assert len(platform.calls) == calls
    assert runner_of(warehouse, clock, "prod").run(target).status == "ok"
    assert lists(warehouse) == [("prod", None)]


def test_a_person_takes_a_list_over_and_that_is_recorded(
    shop: Shop, platform: DescribedPlatform, target: SyncTarget, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    runner_of(warehouse, clock, "prod").run(target)
    clock.sleep(1)
    for _ in range(2):
        assert runner_of(warehouse, clock, "production", "Jo").run(target).status == "ok"
    assert runner_of(warehouse, clock, "production").run(target).status == "ok"
    assert runner_of(warehouse, clock, "prod").run(target).exit_code == 2
    assert lists(warehouse) == [("prod", None), ("production", "Jo")]
    assert mark_of(platform.texts["list-1"]) is not None
    assert "target=production " in platform.texts["list-1"]


def test_a_copy_of_the_tables_elsewhere_is_another_environment(
    shop: Shop, platform: DescribedPlatform, target: SyncTarget, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    runner_of(warehouse, clock, "prod").run(target)
    moved = Binding(Environment("prod", "clone.segmentloom_sync"))
    assert SyncRunner(warehouse, clock, binding=moved).run(target).exit_code == 2
    assert environment_id(warehouse, moved.environment, clock.now()) != environment_id(
        warehouse, environment_of(warehouse, "prod"), clock.now()
    )


def test_who_opts_out_leaves_a_list_that_is_bound_elsewhere(
    shop: Shop, platform: DescribedPlatform, target: SyncTarget, warehouse: Warehouse, clock: TestClock
) -> None:
    """A renamed target must not keep people on the list until somebody looks; a copy may have lost some."""
    shop.add("ann", "bob", "cat")
    shop.publish()
    runner_of(warehouse, clock, "prod").run(target)
    del shop.people["cat"]
    shop.publish()
    shop.request("opt_out", "user_id:ann")
    assert runner_of(warehouse, clock, "production").run(target).exit_code == 2
    assert platform.members == {email("bob"), email("cat")}


def test_a_list_that_was_synced_before_lists_were_bound_is_bound_by_the_next_run(
    shop: Shop, platform: DescribedPlatform, target: SyncTarget, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    SyncRunner(warehouse, clock).run(target)
    clock.sleep(1)
    assert runner_of(warehouse, clock, "prod").run(target).status == "ok"
    assert lists(warehouse) == [(None, None), ("prod", None)]
    assert "target=prod " in platform.texts["list-1"]


@pytest.mark.parametrize("same_name", [True, False])
def test_an_empty_warehouse_does_not_take_a_marked_list(
    shop: Shop, platform: DescribedPlatform, target: SyncTarget, clock: TestClock, same_name: bool
) -> None:
    """The common accident: the development target has the credentials of production, and an empty ledger."""
    shop.add("ann")
    shop.publish()
    runner_of(shop.warehouse, clock, "prod").run(target)
    platform.texts["list-1"] = f"Our best. {platform.texts['list-1']}"
    second = open_memory_warehouse()
    try:
        other = Shop(second, clock)
        other.prepare()
        other.add("test person")
        other.publish()
        name = "prod" if same_name else "dev"
        report = runner_of(second, clock, name).run(target)
        assert (report.status, report.exit_code) == ("failed", 2)
        assert "is kept in step by another warehouse, target prod, and this is" in str(report.message)
        assert platform.members == {email("ann")}
        assert lists(second) == []

        assert runner_of(second, clock, name, "Jo").run(target).status == "ok"
        assert lists(second) == [(name, "Jo")]
        assert platform.texts["list-1"].startswith(f"Our best. [segmentloom target={name} ")
    finally:
        second.close()


def test_a_platform_without_descriptions_is_synced_all_the_same(
    shop: Shop, target: SyncTarget, warehouse: Warehouse, clock: TestClock
) -> None:
    plain = MemoryPlatform()
    shop.add("ann")
    shop.publish()
    assert runner_of(warehouse, clock, "prod").run(replace(target, destination=plain)).status == "ok"
    assert lists(warehouse) == [("prod", None)]


def test_a_platform_that_refuses_the_mark_is_synced_all_the_same(
    shop: Shop,
    target: SyncTarget,
    warehouse: Warehouse,
    clock: TestClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Strict(DescribedPlatform):
        def describe(self, audience_list: AudienceList, text: str) -> None:
            raise Rejected("the description is too long", is_about_members=False)

    platform = Strict()
    shop.add("ann")
    shop.publish()
    report = runner_of(warehouse, clock, "prod").run(replace(target, destination=platform))
    assert (report.status, platform.members) == ("ok", {email("ann")})
    assert "does not say whose it is: the description is too long" in capsys.readouterr().err


def test_a_mark_replaces_the_former_one_and_keeps_what_people_wrote() -> None:
    first, second = Mark("prod", "0a1b"), Mark("de v]", "ff")
    text = marked("Our best", first)
    assert text == "Our best [segmentloom target=prod environment=0a1b]"
    assert mark_of(text) == first
    assert marked(text, second) == "Our best [segmentloom target=de_v_ environment=ff]"
    assert marked("", first) == str(first)
    assert mark_of("Our best") is None
