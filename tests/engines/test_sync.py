"""The ledger's SQL on each engine: the same story, the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from segmentloom_sync.destinations.base import MatchRate, RequestStatus
from segmentloom_sync.destinations.list_state import ListState
from segmentloom_sync.destinations.marks import Mark, mark_of
from segmentloom_sync.privacy.status import request_states
from segmentloom_sync.privacy.suppressed import is_suppressed
from segmentloom_sync.project import Project
from segmentloom_sync.sync import list_sync
from segmentloom_sync.sync.changed_profiles import changed_since
from segmentloom_sync.sync.environment import Binding, Environment, bound_to, environment_id, environment_of
from segmentloom_sync.sync.match_rates import reported
from segmentloom_sync.sync.metrics import list_metrics
from segmentloom_sync.sync.plan_apply import apply_plan
from segmentloom_sync.sync.plan_save import home_of, plan_to_save
from segmentloom_sync.sync.prometheus_text import rendered
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.state import list_states
from segmentloom_sync.sync.unsettled import unsettled_audiences
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.unit.sync.account import Account
from tests.unit.sync.logged_shop import Compared, LoggedShop
from tests.unit.sync.memory_platform import MemoryPlatform, OneDestination, StatedPlatform, buyers
from tests.unit.sync.removing import remove_opt_outs
from tests.unit.sync.shop import AUDIENCE, Person, Shop, TestClock, email, phone
from tests.unit.sync.test_unsettled import CHANGES, audience
from tests.workspace import Workspace


@pytest.fixture
def warehouse(engine_workspace: Workspace) -> Iterator[Warehouse]:
    project = Project.find(engine_workspace.path, engine_workspace.path)
    with closing(connect(project)) as opened:
        yield opened


def ledger(warehouse: Warehouse) -> dict[tuple[str, str], str]:
    rows = warehouse.rows(
        f"select identifier_type, identifier, state from {warehouse.relation('ledger', 'sync')}"
    )
    return {(kind, value): state for kind, value, state in rows}


def test_what_a_run_takes_before_its_time_is_found_on_every_engine(warehouse: Warehouse) -> None:
    clock = TestClock()
    shop = Shop(warehouse, clock)
    shop.prepare()
    shop.publish()
    warehouse.ensure_table("audience_changes", "", CHANGES)
    warehouse.execute(
        f"insert into {warehouse.relation('audience_changes')} (audience, changed_at, new_hash)"
        " values (:name, :now, 'of another text')",
        name="changed",
        now=clock.now(),
    )
    warehouse.execute(
        f"insert into {warehouse.relation('int_segmentloom__failed_audiences')} (audience, failed_at, tests)"
        " values (:name, :now, 'audience_failed_min_members')",
        name="failed",
        now=clock.now(),
    )
    files = {name: audience(name, name) for name in ("changed", "failed", "other")}
    assert unsettled_audiences(warehouse, files) == {"changed", "failed"}


@pytest.mark.parametrize(
    "engine",
    ["duckdb", "snowflake", pytest.param("bigquery", marks=pytest.mark.slow)],
    indirect=True,
    scope="session",
)
def test_the_protocol_runs_alike_on_every_engine(warehouse: Warehouse) -> None:
    clock = TestClock()
    shop = Shop(warehouse, clock)
    shop.prepare()
    platform = StatedPlatform(batch_size=2, bad={email("cat")})
    target = buyers(platform)
    here = environment_of(warehouse, "prod")
    runner = SyncRunner(warehouse, clock, binding=Binding(here))
    shop.people = {
        "ann": Person(emails=("ann",), phones=("1",)),
        "bob": Person(emails=("bob",)),
        "cat": Person(emails=("cat",)),
        "dan": Person(emails=("dan",), is_opted_out=True),
        "eve": Person(emails=("eve",), consent=None),
    }
    shop.publish()

    assert runner.plan(target).adds == 4
    first = runner.run(target)
    assert (first.adds, first.accepted, first.rejected, first.status) == (4, 3, 1, "partial"), first.message
    assert ledger(warehouse) == {
        email("ann"): "accepted",
        phone("1"): "accepted",
        email("bob"): "accepted",
        email("cat"): "rejected",
    }
    again = runner.run(target)
    assert (again.adds, again.removes, again.status) == (0, 0, "ok"), again.message

    shop.people["bob"].is_opted_out = True
    shop.people["cat"].is_member = False
    shop.people["fay"] = Person(emails=("fay",))
    shop.publish()
    platform.faults = ["ok", "lost"]
    unsure = runner.run(target)
    assert (unsure.adds, unsure.removes, unsure.status) == (1, 1, "retry_later"), unsure.message
    assert ledger(warehouse)[email("fay")] == "sent"
    assert runner.run(target).status == "ok"
    assert set(ledger(warehouse)) == platform.members == {email("ann"), phone("1"), email("fay")}

    platform.is_asynchronous = True
    shop.people["ann"].phones = ()
    shop.publish()
    removal = runner.run(target)
    assert (removal.removes, removal.waiting) == (1, 1), removal.message
    assert [entry["waiting"] for entry in list_states(warehouse, clock.now())] == [1]
    assert ledger(warehouse)[phone("1")] == "removing"
    clock.sleep(31 * 60)
    platform.requests = dict.fromkeys(platform.requests, RequestStatus("succeeded"))
    assert runner.run(target).status == "ok"
    assert set(ledger(warehouse)) == {email("ann"), email("fay")}
    assert [entry["accepted"] for entry in list_states(warehouse, clock.now())] == [2]
    assert reported(warehouse) == []

    platform.is_asynchronous = False
    destinations = OneDestination("memory", platform)
    assert remove_opt_outs(runner, destinations, [], ()) == []
    shop.request("opt_out", "email:fay@example.com")
    assert (is_suppressed(warehouse, "fay"), is_suppressed(warehouse, "ann")) == (True, False)
    assert [(state.status, state.lists) for state in request_states(warehouse)] == [("in_progress", 1)]
    [report] = remove_opt_outs(runner, destinations, [], ())
    assert (report.removes, report.status, set(ledger(warehouse))) == (1, "ok", {email("ann")}), (
        report.message
    )
    assert [state.status for state in request_states(warehouse)] == ["completed"]
    shop.request("opt_in", "user_id:fay")
    assert (runner.run(target).adds, set(ledger(warehouse))) == (1, {email("ann"), email("fay")})

    bound = here.place.rpartition(".")[2]
    assert (bound, bound_to(warehouse, target)) == (f"{warehouse.schema}_sync", here)
    mark = Mark("prod", environment_id(warehouse, here, clock.now()))
    assert mark_of(platform.texts["list-1"]) == mark
    other = Environment("dev", here.place)
    refused = SyncRunner(warehouse, clock, binding=Binding(other)).run(target)
    assert (refused.status, refused.exit_code) == ("failed", 2), refused.message
    clock.sleep(1)
    assert SyncRunner(warehouse, clock, binding=Binding(other, "Jo")).run(target).status == "ok"
    clock.sleep(1)
    assert SyncRunner(warehouse, clock, binding=Binding(here)).run(target).exit_code == 2
    assert SyncRunner(warehouse, clock, binding=Binding(here, "Jo")).run(target).status == "ok"

    owner = SyncRunner(warehouse, clock, binding=Binding(here), compare=True)
    shop.people["gus"] = Person(emails=("gus",))
    shop.publish()
    _, plan = plan_to_save(owner, home_of(owner, here, "shop"), [target])
    assert plan is not None
    [planned] = plan.lists
    assert (planned.adds, planned.sample_added, planned.removes) == (1, ("gus",), 0)
    assert [report.status for report in apply_plan(owner, [(planned, target)])] == ["ok"]
    assert [report.exit_code for report in apply_plan(owner, [(planned, target)])] == [2]

    platform.lose_members()
    platform.state = ListState("EXPIRED", "lost", MatchRate("bounds", "size", lower=1, upper=2))
    clock.sleep(1)
    compared = owner.run(target)
    assert compared.reconciliation is not None
    assert (compared.status, compared.reconciliation.sent_anew) == ("ok", 3)
    assert platform.members == {email("ann"), email("fay"), email("gus")}
    [rate] = reported(warehouse)
    assert (rate["lower"], rate["upper"]) == (1, 2)
    metrics = rendered(list_metrics(warehouse, clock.now()))
    place = f'audience="{AUDIENCE}",destination="memory",list="Buyers"'
    assert f'segmentloom_list_identifiers{{{place},state="accepted"}} 3\n' in metrics
    assert f'segmentloom_list_last_run_planned_identifiers{{{place},operation="add"}} 3\n' in metrics

    account = Account(warehouse)
    account.profiles_change(3)
    account.conditions_follow(3, 1)
    account.publishes(1)
    assert changed_since(warehouse, AUDIENCE) is None
    account.profiles_change(4, at=clock.now())
    account.conditions_follow(4, 2)
    stale = f"profiles changed since audience {AUDIENCE} was evaluated"
    assert (runner.plan(target).message, changed_since(warehouse, AUDIENCE)) == (stale, stale)


@pytest.mark.parametrize(
    "engine",
    ["duckdb", *(pytest.param(name, marks=pytest.mark.slow) for name in ("bigquery", "snowflake"))],
    indirect=True,
    scope="session",
)
def test_a_list_in_step_is_compared_by_what_changed_on_every_engine(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = Compared()
    monkeypatch.setattr(list_sync, "make_plan", compared.make_plan)
    clock, platform = TestClock(), MemoryPlatform()
    shop = LoggedShop(warehouse, clock)
    shop.prepare()
    shop.people = {name: Person(emails=(name,)) for name in ("ann", "bob", "cat", "dan", "eve", "gus")}
    shop.people["fay"] = Person(emails=("fay", "ann"), is_member=False)
    shop.build()
    runner, target = SyncRunner(warehouse, clock), buyers(platform)
    assert runner.run(target).status == "ok"

    shop.people["ann"].is_member = False
    shop.publish()
    left = runner.run(target)
    assert (left.status, left.adds, left.removes) == ("ok", 0, 1), left.message
    shop.people["fay"].is_member = True
    shop.publish()
    came = runner.run(target)
    assert (came.status, came.adds, came.removes) == ("ok", 2, 0), came.message
    assert compared.looks == [False, True, True]
    assert platform.members == shop.wanted()
