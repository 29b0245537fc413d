"""A saved plan is sent exactly as it says, or not at all."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from segmentloom_sync.cli.sync_report import print_reports
from segmentloom_sync.errors import ConfigError, DefinitionError
from segmentloom_sync.sync.environment import Binding, environment_of
from segmentloom_sync.sync.plan_apply import apply_plan, check_home, pair
from segmentloom_sync.sync.plan_file import SavedPlan, read_plan, write_plan
from segmentloom_sync.sync.plan_save import home_of, plan_to_save
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.target import SyncTarget
from tests.unit.sync.conftest import open_memory_warehouse
from tests.unit.sync.memory_platform import MemoryPlatform, buyers
from tests.unit.sync.shop import Person, Shop, TestClock, email


class Bench:
    """A shop, a platform with one list, and the two commands."""

    def __init__(self, *, batch_size: int = 2) -> None:
        self.warehouse = open_memory_warehouse()
        self.clock = TestClock()
        self.shop = Shop(self.warehouse, self.clock)
        self.shop.prepare()
        self.platform = MemoryPlatform(batch_size=batch_size)
        self.target = buyers(self.platform)

    def runner(self, released_by: str | None = None) -> SyncRunner:
        environment = environment_of(self.warehouse, "prod")
        return SyncRunner(self.warehouse, self.clock, binding=Binding(environment), released_by=released_by)

    def run(self, released_by: str | None = None) -> RunReport:
        return self.runner(released_by).run(self.target)

    def save(self, *targets: SyncTarget) -> SavedPlan:
        runner = self.runner()
        home = home_of(runner, environment_of(self.warehouse, "prod"), "shop")
        _, plan = plan_to_save(runner, home, targets or [self.target])
        assert plan is not None
        return plan

    def apply(
        self, plan: SavedPlan, *targets: SyncTarget, released_by: str | None = None, send: bool = True
    ) -> list[RunReport]:
        paired = pair(plan, list(targets) or [self.target])
        return apply_plan(self.runner(released_by), paired, send=send)

    def sent(self) -> dict[str, int]:
        """Identifiers by operation since the last look."""
        counts = {"add": 0, "remove": 0}
        for call in self.platform.calls:
            counts[call.operation] += len(call.identifiers)
        self.platform.calls.clear()
        return counts


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.shop.add("ann", "bob", "cat")
    bench.shop.publish()
    assert bench.run().status == "ok"
    bench.shop.add("dan")
    bench.shop.people["cat"].is_member = False
    bench.shop.publish()
    bench.sent()
    return bench


def test_what_the_plan_says_is_sent_and_nothing_twice(bench: Bench) -> None:
    plan = bench.save()
    [entry] = plan.lists
    assert (entry.adds, entry.removes, entry.members_added, entry.members_removed) == (1, 1, 1, 1)
    assert (entry.sample_added, entry.sample_removed) == (("dan",), ("cat",))
    assert bench.sent() == {"add": 0, "remove": 0}
    [checked] = bench.apply(plan, send=False)
    assert (checked.status, bench.sent()) == ("ok", {"add": 0, "remove": 0})

    [report] = bench.apply(plan)
    assert (report.status, report.accepted) == ("ok", 2)
    assert bench.sent() == {"add": 1, "remove": 1}
    assert bench.platform.members == bench.shop.wanted()

    [again] = bench.apply(plan)
    assert (again.status, again.exit_code) == ("failed", 2)
    assert again.message == (
        "the plan of the list 'Buyers' at memory does not hold any more: "
        "another run has worked on the list since"
    )
    assert again.hint == "nothing was sent; plan again: segmentloom-sync plan buyers --save FILE"


def test_a_plan_of_a_list_that_is_yet_to_be_made(bench: Bench) -> None:
    other = replace(bench.target, list_name="Others")
    plan = bench.save(other)
    [report] = bench.apply(plan, other)
    assert (report.status, report.accepted, set(bench.platform.names)) == ("ok", 3, {"Buyers", "Others"})


def evaluated_again(bench: Bench) -> None:
    bench.clock.sleep(60)
    bench.shop.publish()


def somebody_joined(bench: Bench) -> None:
    bench.shop.add("eve")
    bench.shop.publish()


def an_address_changed(bench: Bench) -> None:
    bench.shop.people["dan"].emails = ("daniel",)
    bench.shop.publish()


def a_consent_was_withdrawn(bench: Bench) -> None:
    bench.shop.people["dan"].consent = "denied"
    bench.shop.publish()


def somebody_asked_to_be_out(bench: Bench) -> None:
    bench.shop.request("opt_out", "user_id:dan")


def a_stranger_asked_to_be_out(bench: Bench) -> None:
    bench.shop.request("opt_out", "email:nobody@example.com")


def another_run(bench: Bench) -> None:
    bench.run()
    bench.platform.calls.clear()


def the_ledger_was_written(bench: Bench) -> None:
    ledger = bench.warehouse.relation("ledger", "sync")
    bench.warehouse.execute(f"update {ledger} set state = 'sent' where member_key = 'ann'")


def another_limit(bench: Bench) -> None:
    bench.target = replace(bench.target, max_removal_percent=80.0)


def other_identifiers(bench: Bench) -> None:
    bench.target = replace(bench.target, identifier_types=("email",))


def other_batches(bench: Bench) -> None:
    bench.platform.batch_size = 50


def another_account(bench: Bench) -> None:
    bench.target = replace(bench.target, settings_digest="another")


def members_near_their_expiry(bench: Bench) -> None:
    """Without a build: the members' age is not what is noticed."""
    bench.target = replace(bench.target, cadence=timedelta(days=999))
    bench.clock.time += timedelta(days=520)


MOVES: dict[Callable[[Bench], None], str] = {
    evaluated_again: "the audience was evaluated at 2026-11-01T12:01:00+00:00, not 2026-11-01T12:00:00+00:00",
    somebody_joined: "other people or identifiers would be sent",
    an_address_changed: "other people or identifiers would be sent",
    a_consent_was_withdrawn: "other people or identifiers would be sent",
    somebody_asked_to_be_out: "privacy requests were made since",
    a_stranger_asked_to_be_out: "privacy requests were made since",
    another_run: "another run has worked on the list since",
    the_ledger_was_written: "other people or identifiers would be sent",
    another_limit: "max_removal_percent was 30.0 and is 80.0",
    other_identifiers: "identifier_types was email, phone and is email",
    other_batches: "batch_size was 2 and is 50",
    another_account: "the destination's settings changed",
    members_near_their_expiry: "time went by after which additions are repeated",
}


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
def test_any_move_is_noticed_and_nothing_is_sent(bench: Bench, move: Callable[[Bench], None]) -> None:
    plan = bench.save()
    held = set(bench.platform.members)
    move(bench)
    held = held if move is not another_run else set(bench.platform.members)
    [report] = bench.apply(plan)
    assert (report.status, report.exit_code, report.unknown) == ("failed", 2, 0)
    assert MOVES[move] in str(report.message)
    assert bench.sent() == {"add": 0, "remove": 0}
    assert bench.platform.members == held


@pytest.mark.parametrize("move", [somebody_joined, the_ledger_was_written, somebody_asked_to_be_out])
def test_a_move_after_the_check_is_noticed_too(bench: Bench, move: Callable[[Bench], None]) -> None:
    plan = bench.save()
    move(bench)
    # The run by itself, as it is after a check that found nothing.
    report = bench.runner().run(bench.target, planned=plan.lists[0])
    assert (report.status, report.exit_code) == ("failed", 2)
    assert bench.sent() == {"add": 0, "remove": 0}


def test_an_opt_out_after_the_last_look_is_honoured_at_the_batch(bench: Bench) -> None:
    plan = bench.save()

    def first_call() -> None:
        bench.platform.before_push = lambda: None
        bench.shop.request("opt_out", "user_id:dan")

    bench.platform.before_push = first_call  # cat's removal comes before dan's addition
    [report] = bench.apply(plan)
    assert bench.sent() == {"add": 0, "remove": 1}
    assert (report.status, report.adds, report.removes, report.accepted) == ("ok", 0, 1, 1)
    assert email("dan") not in bench.platform.members


def test_a_plan_of_several_lists_is_sent_whole_or_not_at_all(bench: Bench) -> None:
    other = replace(bench.target, list_name="Others")
    plan = bench.save(bench.target, other)
    changed = replace(other, identifier_types=("phone",))
    reports = bench.apply(plan, bench.target, changed)
    assert [(report.status, report.exit_code, report.unknown) for report in reports] == [("failed", 2, 0)] * 2
    assert [report.held_back for report in reports] == [report.adds + report.removes for report in reports]
    assert reports[0].held_back == 2
    assert reports[0].message == "not sent, as a plan is applied whole: see the other lists"
    assert bench.sent() == {"add": 0, "remove": 0}
    assert [report.status for report in bench.apply(plan, bench.target, other)] == ["ok", "ok"]


def test_one_error_tells_of_all_lists_that_a_plan_does_not_hold_for(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(bench.target, list_name="Others")
    plan = bench.save(bench.target, other)
    somebody_asked_to_be_out(bench)
    reports = bench.apply(plan, bench.target, other)
    assert all("does not hold any more" in (report.message or "") for report in reports), (
        "each says it in JSON"
    )
    print_reports(reports, json=False)
    told = " ".join(capsys.readouterr().err.split())
    assert told.count("does not hold any more") == told.count("hint:") == 1
    assert "('Buyers' at memory, 'Others' at memory)" in told
    assert told.endswith("segmentloom-sync plan buyers --save FILE")
    print_reports(reports, json=True, held_back={"audiences/a.yml": ["audiences/a.yml:1:1: wrong"]})
    document = json.loads(capsys.readouterr().out)
    assert [entry["list"] for entry in document["runs"]] == ["Buyers", "Others"]
    assert document["held_back"] == [{"file": "audiences/a.yml", "problems": ["audiences/a.yml:1:1: wrong"]}]


def test_a_held_plan_waits_for_its_release_and_stays_good(bench: Bench) -> None:
    for person in bench.shop.people.values():
        person.is_member = False
    bench.shop.publish()
    plan = bench.save()
    assert plan.lists[0].status == "held"
    for _ in range(2):
        [report] = bench.apply(plan)
        assert (report.status, report.exit_code) == ("held", 4)
    assert bench.sent() == {"add": 0, "remove": 0}
    [released] = bench.apply(plan, released_by="Ann")
    assert (released.status, released.released_by, bench.sent()["remove"]) == ("ok", "Ann", 3)


def test_a_plan_that_ends_in_the_middle_is_taken_up_by_the_next_run(bench: Bench) -> None:
    plan = bench.save()
    bench.platform.faults = ["ok", "lost"]
    [report] = bench.apply(plan)
    assert report.status == "retry_later"
    assert bench.apply(plan)[0].exit_code == 2
    assert bench.run().status == "ok"
    assert bench.platform.members == bench.shop.wanted()


def test_no_plan_of_a_list_that_cannot_be_planned(bench: Bench) -> None:
    bench.clock.time += timedelta(days=2)
    runner = bench.runner()
    home = home_of(runner, environment_of(bench.warehouse, "prod"), "shop")
    [report], plan = plan_to_save(runner, home, [bench.target])
    assert (report.status, plan) == ("failed", None)


def test_a_plan_is_of_one_project_target_and_warehouse(bench: Bench, tmp_path: Path) -> None:
    home = bench.save().home
    file = tmp_path / "plan.json"
    check_home(file, home, home)
    for changed, words in (
        ({"project": "other"}, "is a plan of project other, and this is shop"),
        ({"target": "dev"}, r"is a plan of target dev \(memory.segmentloom_sync\), and this is target prod"),
        ({"environment_id": "0"}, "is a plan of another warehouse with the same names as target prod"),
    ):
        with pytest.raises(ConfigError, match=words):
            check_home(file, home.model_copy(update=changed), home)
    with pytest.raises(ConfigError, match="no longer fills the list 'Buyers' at memory"):
        pair(bench.save(), [replace(bench.target, list_name="Others")])


def test_the_file_is_private_and_names_nobody(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("former")
    file.chmod(0o644)
    write_plan(file, bench.save())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["plan.json"]
    text = file.read_text()
    for name in bench.shop.people:
        address = f"{name}@example.com"
        for secret in (address, sha256(address.encode()).hexdigest()):
            assert secret not in text
    assert read_plan(file) == bench.save()


@pytest.mark.parametrize("changes", ["another request", "another state"])
def test_as_many_requests_are_not_the_same_requests(bench: Bench, changes: str) -> None:
    bench.shop.request("opt_out", "email:one@example.com")
    plan = bench.save()
    if changes == "another request":
        requests = bench.warehouse.relation("requests", "privacy")
        bench.warehouse.execute(f"delete from {requests} where true")
        bench.shop.request("opt_in", "email:nobody@example.com")
        assert bench.warehouse.rows(f"select count(*) from {requests}") == [(1,)]
    else:
        suppressions = bench.warehouse.relation("suppressions", "privacy")
        bench.warehouse.execute(
            f"update {suppressions} set released_at = :now where true", now=bench.clock.now()
        )
    [report] = bench.apply(plan)
    assert (report.status, report.exit_code) == ("failed", 2)
    assert "privacy requests were made since" in str(report.message)
    assert bench.sent() == {"add": 0, "remove": 0}


def test_the_fingerprint_cannot_be_guessed_without_the_key(bench: Bench) -> None:
    first = bench.save().lists[0].digest
    keys = bench.warehouse.relation("suppression_keys", "privacy")
    bench.warehouse.execute(f"update {keys} set secret_key = '{'0' * 64}' where true")
    assert bench.save().lists[0].digest != first


def edited(plan: SavedPlan, edit: Callable[[dict[str, Any]], object]) -> str:
    document = json.loads(plan.model_dump_json())
    edit(document)
    return json.dumps(document, indent=2)


def test_wrong_files_are_refused_by_place(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    plan = bench.save()
    good = edited(plan, lambda document: None)
    wrong = {
        good.replace('"adds": 1,', '"adds": 1'): rf"{file}:18:7: not valid JSON: expecting ',' delimiter",
        good[:40]: rf"{file}:\d+:\d+: not valid JSON",
        good.replace('"adds": 1', '"adds": -1'): rf"{file}:17:15: lists.0.adds: input should be greater",
        good.replace('"adds": 1', '"add": 1'): r"lists.0.adds: field required",
        "[" * 100_000: "not valid JSON",
        "9" * 5000: "not valid JSON",
        '{"lists": 1}': "is not a saved plan",
        edited(plan, lambda document: document.update(format_version=2)): "saved by a newer segmentloom-sync",
        edited(plan, lambda document: document.update(format_version=0)): "format_version",
        edited(plan, lambda document: document["lists"].clear()): "lists",
        edited(plan, lambda document: document["lists"].extend(document["lists"])): "names a list twice",
    }
    for text, words in wrong.items():
        file.write_text(text)
        with pytest.raises(ConfigError, match=words) as refused:
            read_plan(file)
        assert refused.value.hint
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(DefinitionError, match=r":1:1: is not UTF-8 text"):
        read_plan(file)
    with pytest.raises(ConfigError, match=r"cannot read .*: no such file"):
        read_plan(tmp_path / "absent.json")


def test_edited_counts_are_noticed(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(edited(bench.save(), lambda document: document["lists"][0].update(adds=0)))
    [report] = bench.apply(read_plan(file))
    assert report.exit_code == 2
    assert "its counts are not those of the change" in str(report.message)
    assert bench.sent() == {"add": 0, "remove": 0}


NAMES = ("ann", "bob", "cat")
PEOPLE = st.fixed_dictionaries(
    {
        name: st.builds(
            Person,
            emails=st.sampled_from([(), (name,), (name, f"{name}.new"), ("shared",)]),
            phones=st.sampled_from([(), ("home",), (f"{name}@example.com",)]),
            is_member=st.booleans(),
            is_opted_out=st.booleans(),
            is_quarantined=st.booleans(),
            consent=st.sampled_from(["granted", "denied", None]),
        )
        for name in NAMES
    }
)


@settings(
    max_examples=15,
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(before=PEOPLE, planned=PEOPLE, applied=PEOPLE)
def test_a_plan_is_sent_as_it_says_or_refused(
    before: dict[str, Person], planned: dict[str, Person], applied: dict[str, Person]
) -> None:
    """The oracle is a twin that plans anew: equal calls are sent where it would send the same, else none."""
    twins = [Bench(), Bench()]
    for twin in twins:
        twin.shop.people = dict(before)
        twin.shop.publish()
        assert twin.run("the test").status == "ok"
        twin.shop.people = dict(planned)
        twin.shop.publish()
        twin.platform.calls.clear()
    applying, running = twins
    plan = applying.save()
    running.run("the test")
    expected = [(call.operation, call.members) for call in running.platform.calls]

    [report] = applying.apply(plan, send=False, released_by="the test")
    assert report.status == "ok"
    applying.shop.people = dict(applied)
    applying.shop.publish()
    [report] = applying.apply(plan, released_by="the test")
    found = [(call.operation, call.members) for call in applying.platform.calls]
    if report.status == "ok":
        assert found == expected
        entry = plan.lists[0]
        assert sum(len(call.identifiers) for call in applying.platform.calls) == entry.adds + entry.removes
        running.shop.people = dict(applied)
        running.shop.publish()
        running.run("the test")
        assert applying.platform.members == running.platform.members, (
            "what was applied is not wanted any more"
        )
    else:
        assert report.exit_code == 2
        assert not found
        assert applied != planned
    for twin in twins:
        twin.warehouse.close()
