"""Who refused leaves the lists that a run does not take otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from segmentloom_sync.sync.environment import Binding, Environment
from segmentloom_sync.sync.metrics import list_metrics
from segmentloom_sync.sync.opt_outs import known_lists, lists_with_refusals
from segmentloom_sync.sync.plan import preview
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import unfinished_audiences
from segmentloom_sync.sync.state import list_states
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.conftest import open_memory_warehouse
from tests.unit.sync.memory_platform import MemoryPlatform, OneDestination, buyers
from tests.unit.sync.removing import remove_opt_outs
from tests.unit.sync.shop import AUDIENCE, Person, Shop, TestClock, email

HOME = Binding(Environment("prod", "memory.segmentloom_sync"))


@pytest.fixture
def destinations(platform: MemoryPlatform) -> OneDestination:
    return OneDestination("memory", platform)


@pytest.fixture
def filled(shop: Shop, runner: SyncRunner, target: SyncTarget) -> Shop:
    shop.add("ann", "bob", "cat", "dan")
    shop.publish()
    assert runner.run(target).status == "ok"
    return shop


def asked(shop: Shop) -> None:
    shop.request("opt_out", "email:ann@example.com")


def sent_a_signal(shop: Shop) -> None:
    shop.people["ann"].is_opted_out = True
    shop.publish()


def denied_consent(shop: Shop) -> None:
    shop.people["ann"].consent = "denied"
    shop.publish()


def left_an_address_to_who_refuses(shop: Shop) -> None:
    shop.people["eve"] = Person(emails=("ann",), is_member=False, is_opted_out=True)
    shop.publish()


def left_an_address_to_who_asked_before_she_had_it(shop: Shop) -> None:
    shop.people["eve"] = Person(is_member=False)
    shop.publish()
    shop.request("opt_out", "user_id:eve")
    shop.people["eve"].emails = ("ann",)
    shop.publish()


def asked_and_is_in_no_table(shop: Shop) -> None:
    shop.request("opt_out", "user_id:ann")
    del shop.people["ann"]
    shop.publish()


@pytest.mark.parametrize(
    "refuses",
    [
        asked,
        sent_a_signal,
        denied_consent,
        left_an_address_to_who_refuses,
        left_an_address_to_who_asked_before_she_had_it,
        asked_and_is_in_no_table,
    ],
    ids=lambda refuses: refuses.__name__,
)
def test_who_refused_leaves_and_nobody_else(
    filled: Shop,
    runner: SyncRunner,
    platform: MemoryPlatform,
    destinations: OneDestination,
    refuses: Callable[[Shop], None],
) -> None:
    refuses(filled)
    filled.people["bob"].is_member = False
    del filled.people["cat"]  # in no table, as after an erasure or a build that went wrong
    filled.add("fay")
    filled.publish()

    assert remove_opt_outs(runner, destinations, [], {("memory", "Buyers")}) == []
    [report] = remove_opt_outs(runner, destinations, [], ())

    assert (report.audience, report.removes, report.accepted, report.status) == (AUDIENCE, 1, 1, "ok")
    assert report.as_json()["only_opt_outs"] is True
    assert platform.members == {email("bob"), email("cat"), email("dan")}
    assert remove_opt_outs(runner, destinations, [], ()) == []


@pytest.mark.parametrize("column", ["ad_user_data_consent", "ad_personalization_consent"])
def test_one_consent_that_is_denied_is_enough(
    filled: Shop, runner: SyncRunner, platform: MemoryPlatform, destinations: OneDestination, column: str
) -> None:
    profiles = filled.warehouse.relation("profiles")
    filled.warehouse.execute(f"update {profiles} set {column} = 'denied' where profile_id = 'ann'")
    [report] = remove_opt_outs(runner, destinations, [], ())
    assert (report.removes, email("ann") in platform.members) == (1, False)


def test_nothing_is_written_and_nobody_is_asked_where_nobody_refused(
    filled: Shop, runner: SyncRunner, platform: MemoryPlatform, destinations: OneDestination
) -> None:
    filled.request("opt_out", "email:somebody.else@example.com")
    calls = len(platform.calls)
    runs = filled.warehouse.relation("runs", "sync")
    leases = filled.warehouse.relation("leases", "sync")
    before = [filled.warehouse.rows(f"select * from {table}") for table in (runs, leases)]
    assert remove_opt_outs(runner, destinations, [], ()) == []
    assert [filled.warehouse.rows(f"select * from {table}") for table in (runs, leases)] == before
    assert len(platform.calls) == calls


def test_what_was_refused_by_the_platform_is_not_looked_at_again_and_again(
    shop: Shop,
    runner: SyncRunner,
    target: SyncTarget,
    platform: MemoryPlatform,
    destinations: OneDestination,
    warehouse: Warehouse,
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    platform.bad = {email("ann")}
    assert runner.run(target).status == "partial"
    asked(shop)
    assert lists_with_refusals(warehouse, known_lists(warehouse)) == []


@pytest.mark.parametrize(("bound_to", "leaves"), [("prod", True), (None, True), ("dev", False)])
def test_the_lists_of_another_target_are_that_targets(
    shop: Shop,
    warehouse: Warehouse,
    clock: TestClock,
    target: SyncTarget,
    platform: MemoryPlatform,
    destinations: OneDestination,
    bound_to: str | None,
    leaves: bool,
) -> None:
    shop.add("ann", "bob")
    shop.publish()
    binding = Binding(Environment(bound_to, HOME.environment.place)) if bound_to else None
    SyncRunner(warehouse, clock, binding=binding).run(target)
    asked(shop)
    reports = remove_opt_outs(SyncRunner(warehouse, clock, binding=HOME), destinations, [], ())
    assert [report.status for report in reports] == ["ok"] * leaves
    assert (email("ann") in platform.members) is not leaves


def test_a_destination_that_settings_do_not_name_fails_where_somebody_must_go(
    filled: Shop, runner: SyncRunner, platform: MemoryPlatform
) -> None:
    others = OneDestination("other", platform)
    assert remove_opt_outs(runner, others, [], ()) == []
    asked(filled)
    [report] = remove_opt_outs(runner, others, [], ())
    assert (report.status, report.exit_code, report.only_opt_outs) == ("failed", 2, True)
    assert report.message == (
        "somebody who opted out cannot be removed from the list 'Buyers' at memory: "
        "segmentloom.yml has no destination 'memory'"
    )
    assert "list_id 'list-1' from S_sync.ledger" in str(report.hint)
    assert email("ann") in platform.members


def test_where_the_warehouse_cannot_tell_each_list_says_what_is_wrong(
    filled: Shop, runner: SyncRunner, destinations: OneDestination, warehouse: Warehouse
) -> None:
    warehouse.execute(f"drop table {warehouse.relation('profiles')}")
    [report] = remove_opt_outs(runner, destinations, [], ())
    assert (report.status, report.exit_code) == ("failed", 1)


def test_the_run_that_has_to_be_tried_again_still_has_to(
    filled: Shop,
    runner: SyncRunner,
    target: SyncTarget,
    platform: MemoryPlatform,
    destinations: OneDestination,
    warehouse: Warehouse,
    clock: TestClock,
) -> None:
    succeeded_at = last_success(warehouse, clock)
    clock.sleep(10)
    filled.add("fay")
    filled.publish()
    platform.faults = ["busy"]
    assert runner.run(target).status == "retry_later"
    clock.sleep(10)
    asked(filled)
    other = SyncRunner(warehouse, clock, released_by="Jo")
    [report] = remove_opt_outs(other, destinations, [], ())
    assert (report.status, report.released_by) == ("ok", None)
    assert unfinished_audiences(warehouse, [("memory", "Buyers")]) == [AUDIENCE]
    [state] = list_states(warehouse, clock.now())
    assert state["status"] == "retry_later"
    assert last_success(warehouse, clock) == succeeded_at


def last_success(warehouse: Warehouse, clock: TestClock) -> float:
    [metric] = [
        metric
        for metric in list_metrics(warehouse, clock.now())
        if metric.name == "segmentloom_list_last_success_timestamp_seconds"
    ]
    [sample] = metric.samples
    return sample.value


PEOPLE = st.fixed_dictionaries(
    {
        name: st.builds(
            Person,
            emails=st.sampled_from([(), (name,), ("shared",), (name, "shared")]),
            phones=st.sampled_from([(), ("home",), (f"{name}@example.com",)]),
            is_member=st.booleans(),
            is_opted_out=st.booleans(),
            consent=st.sampled_from(["granted", "denied", None]),
        )
        for name in ("ann", "bob", "cat")
    }
)
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["opt_out", "opt_out", "opt_in"]),
        st.sampled_from(["user_id:ann", "email:bob@example.com", "email:shared@example.com"]),
    ),
    max_size=2,
)


@settings(
    max_examples=20,
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(before=PEOPLE, after=PEOPLE, requests=REQUESTS)
def test_the_look_at_all_lists_finds_what_the_plan_of_each_would_remove(
    before: dict[str, Person], after: dict[str, Person], requests: list[tuple[str, str]]
) -> None:
    warehouse, clock, platform = open_memory_warehouse(), TestClock(), MemoryPlatform()
    shop = Shop(warehouse, clock)
    shop.prepare()
    one, two = (
        replace(buyers(platform), list_name=name, identifier_types=("email", kind), consent_rule="not_denied")
        for name, kind in (("One", "email"), ("Two", "phone"))
    )
    try:
        shop.people = dict(before)
        shop.publish()
        for target in (one, two):
            assert SyncRunner(warehouse, clock).run(target).status == "ok"
        shop.people = dict(after)
        shop.publish()
        for kind, value in requests:
            shop.request(kind, value)  # type: ignore[arg-type]  # sampled from a list of text
        lists = known_lists(warehouse)
        found = {entry.list_name for entry in lists_with_refusals(warehouse, lists)}
        expected = set()
        for entry in lists:
            target = replace(one if entry.list_name == "One" else two, trusts_absence=False)
            list_id = platform.names[entry.list_name]
            if preview(warehouse, target, list_id, clock.now()).private_removes:
                expected.add(entry.list_name)
        assert found == expected
    finally:
        warehouse.close()
