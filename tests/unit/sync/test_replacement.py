"""A list that somebody else has filled is replaced: all are sent anew, and the platform removes the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from segmentloom_sync import simulators
from segmentloom_sync.destinations.base import Identifier, Operation
from segmentloom_sync.simulators import google_status
from segmentloom_sync.simulators.faults import Fault
from segmentloom_sync.simulators.google_ads import GoogleAdsSimulator
from segmentloom_sync.simulators.lists import Key, SimulatedList
from segmentloom_sync.sync.interrupt import Interrupt
from segmentloom_sync.sync.replace_members import MARGIN
from segmentloom_sync.sync.replacement import Replacement, replacements_under_way
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.state import list_states
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.shop import Shop, email
from tests.unit.sync.world import STRANGER, WAIT, Time, World, run

LONG_AGO = timedelta(days=2)


@dataclass
class Case:
    """The list Buyers at Google in step, with somebody on it whom others have put there."""

    world: World
    warehouse: Warehouse
    pushes: list[set[Identifier]] = field(default_factory=list)
    interrupt: Interrupt = field(default_factory=Interrupt)
    interrupts: bool = False
    """Whether somebody asks a run to end while its first request is under way."""

    @property
    def clock(self) -> Time:
        return self.world.clock

    @property
    def shop(self) -> Shop:
        return self.world.shop

    @property
    def entry(self) -> SimulatedList:
        [entry] = self.world.simulator.lists
        return entry

    def run(self, replaced_by: str | None = None, **options: Any) -> RunReport:
        self.shop.publish()
        self.pushes.clear()
        self.interrupt.is_requested = False
        settings = self.world.settings(session=self.world.session, pushed=self._pushed)
        given = {"replaced_by": replaced_by, "interrupt": self.interrupt, **options}
        return run(self.warehouse, settings, self.clock, "Buyers", **given)

    def _pushed(self, operation: Operation, entries: set[Identifier]) -> None:
        self.pushes.append(entries)
        self.interrupt.is_requested = self.interrupts

    def run_later(self, **options: Any) -> RunReport:
        self.clock.sleep(WAIT.total_seconds())
        return self.run(**options)

    def settle(self) -> None:
        """All is in step and answered."""
        for _ in range(3):
            assert self.run_later().status == "ok"

    def put(self, stranger: Identifier, at: datetime) -> None:
        self.entry.members[Key(*stranger)] = at

    def wanted(self) -> set[Identifier]:
        return self.world.wanted()

    def members(self) -> set[Identifier]:
        return self.world.members()

    def states(self) -> dict[str, int]:
        ledger = self.warehouse.relation("ledger", "sync")
        return dict(self.warehouse.rows(f"select state, count(*) from {ledger} group by 1"))

    def replacements(self, columns: str = "state") -> list[tuple[Any, ...]]:
        table = self.warehouse.relation("replacements", "sync")
        return self.warehouse.rows(f"select {columns} from {table} order by started_at")

    def requests(self, name: str) -> int:
        return sum(number for what, number in self.world.simulator.counts.items() if f":{name} " in what)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = Time()
    with requests.Session() as session, simulators.running(["google_ads"], clock=clock) as running:
        world = World(running["google_ads"], clock, tmp_path_factory.mktemp("shop"), "Buyers", session)
        world.prepare()
        yield world


@pytest.fixture
def case(world: World) -> Iterator[Case]:
    world.restore()
    world.simulator.counts.clear()
    world.simulator.requests.clear()
    with closing(world.open()) as warehouse:
        case = Case(world, warehouse)
        case.settle()
        case.put(STRANGER, world.clock.now() - LONG_AGO)
        yield case


def test_strangers_go_and_ours_stay(case: Case) -> None:
    ours = case.wanted()
    first = case.run(replaced_by="ann")
    assert (first.status, first.adds, first.removes) == ("ok", len(ours), 0)
    assert set().union(*case.pushes) == ours
    assert first.replacement is not None
    assert (first.replacement.state, first.replacement.requested_by) == ("sending", "ann")
    assert case.members() == ours | {STRANGER}

    second = case.run_later()
    assert (second.status, case.pushes) == ("ok", [])
    assert second.replacement is not None
    assert second.replacement.state == "asked"
    assert case.members() == ours

    third = case.run_later()
    assert third.replacement is not None
    assert (third.status, third.replacement.state, case.pushes) == ("ok", "done", [])
    [(state, by, started, moment, finished)] = case.replacements(
        "state, requested_by, started_at, added_before, finished_at"
    )
    assert (state, by, moment) == ("done", "ann", started - MARGIN)
    assert finished == case.clock.now()

    fourth = case.run_later()
    assert (fourth.replacement, fourth.status, case.pushes) == (None, "ok", [])
    assert case.members() == ours
    assert case.requests("removeAll") == 2  # one of them to ask whether it would be taken


def test_nobody_is_removed_before_all_is_answered(case: Case) -> None:
    case.run(replaced_by="ann")
    for _ in range(3):  # Google still works on it, and is not asked yet
        report = case.run()
        assert report.replacement is not None
        assert (report.replacement.state, case.pushes) == ("sending", [])
    assert STRANGER in case.members()
    assert case.run_later().replacement is not None
    assert case.members() == case.wanted()


def test_while_newcomers_come_it_still_ends(case: Case) -> None:
    """Whom a run adds has not to be waited for by that run."""
    case.run(replaced_by="ann")
    case.shop.add("new")
    report = case.run_later()
    assert report.replacement is not None
    assert (report.replacement.state, report.adds) == ("asked", 1)
    assert case.members() == case.wanted()
    case.shop.add("newer")
    report = case.run_later()
    assert report.replacement is not None
    assert report.replacement.state == "done"
    assert case.members() == case.wanted()


def test_newcomers_whose_additions_take_long_do_not_hold_it_up(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an audience that gets somebody with each run, some addition is always open."""
    monkeypatch.setattr("segmentloom_sync.simulators.google_ads.PROCESSING_SECONDS", 90 * 60)
    states = []
    for number in range(3):
        case.shop.add(f"newcomer {number}")
        report = case.run(replaced_by=None if number else "ann")
        assert report.replacement is not None
        states.append(report.replacement.state)
        case.clock.sleep(60 * 60)
    assert states == ["sending", "sending", "sending"]
    case.shop.add("one more")
    report = case.run()
    assert report.replacement is not None
    assert (report.replacement.state, report.adds, report.waiting > report.adds) == ("asked", 1, True)
    assert case.members() == case.wanted()


def test_what_a_run_left_for_the_next_is_waited_for(case: Case) -> None:
    case.interrupts = True
    assert case.run(replaced_by="ann").status == "retry_later"
    assert case.states()["pending"] > 0
    case.interrupts = False
    report = case.run_later()
    assert report.replacement is not None
    assert (report.status, report.replacement.state) == ("ok", "sending")
    assert STRANGER in case.members()
    assert case.run_later().replacement is not None
    assert case.members() == case.wanted()


def test_a_ledger_that_is_restored_meanwhile_is_sent_anew(case: Case) -> None:
    """Else its people would be removed, and it would say that they are there."""
    ledger = case.warehouse.relation("ledger", "sync")
    case.warehouse.execute(f"create table backup as select * from {ledger}")
    case.run(replaced_by="ann")
    case.warehouse.execute(f"delete from {ledger} where true")
    case.warehouse.execute(f"insert into {ledger} select * from backup")
    for entry in case.wanted():
        case.put(entry, case.clock.now() - LONG_AGO)
    report = case.run_later()
    assert (report.status, report.adds) == ("ok", len(case.wanted()))
    case.run_later()
    assert case.members() == case.wanted()


def test_a_lost_ledger_is_made_up_for(case: Case) -> None:
    """The list is found by its name, and whoever was on it and is not wanted goes."""
    leaver = next(iter(case.shop.people["gus"].identifiers))
    case.shop.people["gus"].is_member = False
    for table in ("ledger", "lists", "batches", "in_step", "replacements"):
        case.warehouse.execute(f"delete from {case.warehouse.relation(table, 'sync')} where true")
    ours = case.wanted()
    report = case.run(replaced_by="ann")
    assert (report.status, report.adds, report.removes) == ("ok", len(ours), 0)
    assert case.members() == ours | {STRANGER, leaver}
    case.run_later()
    assert case.members() == ours
    case.run_later()
    assert case.replacements() == [("done",)]


def test_a_ledger_from_an_old_backup_is_made_up_for(case: Case) -> None:
    """It lacks somebody who is on the list, and holds somebody who is not."""
    ledger = case.warehouse.relation("ledger", "sync")
    case.put(email("added since the backup"), case.clock.now() - LONG_AGO)
    removed = next(iter(case.shop.people["hal"].identifiers))
    del case.entry.members[Key(*removed)]
    case.warehouse.execute(
        f"delete from {ledger} where identifier = :value", value=next(iter(case.wanted())).value
    )
    case.run(replaced_by="ann")
    case.run_later()
    case.run_later()
    assert case.members() == case.wanted()
    assert case.states() == {"accepted": len(case.wanted())}


def test_without_a_person_nothing_is_replaced(case: Case) -> None:
    assert case.run_later().replacement is None
    assert case.replacements() == []
    assert STRANGER in case.members()


def test_whoever_opts_out_meanwhile_is_removed_first(case: Case) -> None:
    case.run(replaced_by="ann")
    case.shop.publish()
    case.shop.request("opt_out", "email:hal@example.com")
    hal = case.shop.people["hal"].identifiers
    report = case.run()  # not answered yet; hal's removal overtakes his addition
    assert (report.removes, case.pushes) == (len(hal), [hal])
    for _ in range(4):
        case.run_later()
        assert not any(entries & hal for entries in case.pushes if entries != hal)
    assert case.members() == case.wanted()
    assert not case.members() & hal
    assert case.replacements() == [("done",)]


def test_the_removal_comes_after_those_of_people(case: Case) -> None:
    case.run(replaced_by="ann")
    case.shop.publish()
    case.shop.request("opt_out", "email:hal@example.com")
    case.clock.sleep(WAIT.total_seconds())
    case.world.simulator.requests.clear()
    report = case.run()
    assert report.replacement is not None
    assert report.replacement.state == "asked"
    verbs = [request.path.rpartition(":")[2] for request, _ in case.world.simulator.requests]
    changes = [verb for verb in verbs if verb in ("ingest", "remove", "removeAll")]
    assert changes == ["remove", "removeAll"]


def test_a_lost_answer_is_asked_for_again_with_the_same_moment(case: Case) -> None:
    case.run(replaced_by="ann")
    [(moment,)] = case.replacements("added_before")
    case.world.simulator.faults.add(Fault(kind="reset", when="after", path=":removeAll"))
    lost = case.run_later()
    assert (lost.status, lost.exit_code) == ("retry_later", 3)
    assert case.replacements("state, added_before") == [("sending", moment)]
    case.shop.add("new")  # comes after the moment
    report = case.run_later()
    assert report.status == "ok"
    assert case.replacements("state, added_before") == [("asked", moment)]
    assert case.members() == case.wanted()
    sent = [
        request.json()["removeAsOfTime"]
        for request, _ in case.world.simulator.requests
        if request.path.endswith(":removeAll")
    ]
    assert len(sent) == 3
    assert {datetime.fromisoformat(text) for text in sent} == {moment}
    case.run_later()
    assert case.replacements() == [("done",)]


def test_a_removal_that_failed_is_asked_for_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = google_status.everything_removed
    failure = {
        "requestStatus": "FAILED",
        "errorInfo": {
            "errorCounts": [{"recordCount": "1", "reason": "PROCESSING_ERROR_REASON_INTERNAL_ERROR"}]
        },
    }
    monkeypatch.setattr(google_status, "everything_removed", lambda place: plain(place) | failure)
    case.run(replaced_by="ann")
    case.run_later()
    case.put(STRANGER, case.clock.now() - LONG_AGO)  # it failed
    monkeypatch.setattr(google_status, "everything_removed", plain)
    failed = case.run_later()
    assert (failed.status, failed.exit_code) == ("partial", 1)
    assert failed.message == "the platform has not removed whoever was not sent anew (INTERNAL_ERROR)"
    assert case.pushes == []
    again = case.run_later()
    assert again.replacement is not None
    assert (again.status, again.replacement.state, again.replacement.message) == ("ok", "asked", None)
    assert case.members() == case.wanted()
    case.run_later()
    assert case.replacements() == [("done",)]


def test_a_removal_that_nobody_answers_is_asked_for_again(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.run(replaced_by="ann")
    case.run_later()
    monkeypatch.setattr("segmentloom_sync.simulators.google_ads.PROCESSING_SECONDS", 10**7)
    report = case.run_later()
    assert report.replacement is not None
    assert report.replacement.state == "asked"
    asked = case.requests("retrieve")
    case.run()  # the time of the next question has not come
    assert case.requests("retrieve") == asked
    case.clock.sleep(timedelta(hours=24).total_seconds())
    assert case.run().message == "the platform has not removed whoever was not sent anew (no answer)"
    assert case.run().replacement is not None
    assert case.replacements() == [("asked",)]


def test_a_request_that_the_platform_has_forgotten_is_made_again(case: Case) -> None:
    case.run(replaced_by="ann")
    case.run_later()
    simulator = case.world.simulator
    assert isinstance(simulator, GoogleAdsSimulator)
    simulator._accepted.clear()
    assert case.run_later().status == "partial"
    assert case.run_later().status == "ok"
    case.run_later()
    assert case.replacements() == [("done",)]


def test_what_fails_to_be_sent_anew_is_waited_for(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether in whole or in part; it would be lost otherwise, and nobody would know."""
    plain = google_status.ingestion
    failure = {
        "requestStatus": "PARTIAL_SUCCESS",
        "errorInfo": {
            "errorCounts": [{"recordCount": "1", "reason": "PROCESSING_ERROR_REASON_INTERNAL_ERROR"}]
        },
    }

    def fail(*arguments: Any) -> dict[str, Any]:
        """Nobody's addition is applied, so that all were last added before."""
        return plain(*arguments) | failure

    monkeypatch.setattr(google_status, "ingestion", fail)
    monkeypatch.setattr(SimulatedList, "add", lambda *arguments: None)
    case.run(replaced_by="ann")
    case.run()  # finds that all were sent
    monkeypatch.undo()
    report = case.run_later()
    assert (report.status, report.adds) == ("partial", len(case.wanted()))
    for again in (report, case.run()):
        assert again.replacement is not None
        assert again.replacement.state == "sending"
    case.run_later()
    assert case.members() == case.wanted()


def test_a_fast_clock_harms_nobody(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = case.wanted()
    platform = SimulatorBehind(case.clock, MARGIN - timedelta(seconds=1))
    monkeypatch.setattr(case.world.simulator, "clock", platform)
    for _ in range(2):
        case.run(replaced_by="ann")
        case.clock.sleep(WAIT.total_seconds())
    case.run()
    case.run_later()
    assert case.members() == ours

    platform.behind = MARGIN + timedelta(seconds=1)
    report = case.run(replaced_by="ann")
    assert (report.status, report.exit_code, case.pushes) == ("failed", 2, [])
    assert "by Google's clock" in str(report.message)
    assert [state for (state,) in case.replacements()] == ["done"]
    assert case.run().adds == 0


@dataclass
class SimulatorBehind:
    """A platform's clock that is slow, seen from ours."""

    inner: Time
    behind: timedelta

    def now(self) -> datetime:
        return self.inner.now() - self.behind


def test_asking_twice_goes_on_with_the_first(case: Case) -> None:
    case.run(replaced_by="ann")
    report = case.run_later(replaced_by="bob")
    assert report.warnings[0] == (
        "the list 'Buyers' at google_ads is being replaced already; ask again when that has ended"
    )
    assert case.replacements("state, requested_by") == [("asked", "ann")]
    case.run_later()
    case.run(replaced_by="bob")
    assert case.replacements("state, requested_by") == [("done", "ann"), ("sending", "bob")]


def test_a_guard_holds_the_replacement_too(case: Case) -> None:
    for person in case.shop.people.values():
        person.is_member = False
    report = case.run(replaced_by="ann")
    assert (report.status, case.pushes) == ("held", [])
    assert case.run_later().status == "held"
    assert case.replacements() == [("sending",)]
    assert STRANGER in case.members()

    assert case.run_later(released_by="ann").status == "ok"
    assert case.members() == {STRANGER}
    report = case.run_later()
    assert (report.status, len(report.warnings)) == ("ok", 2)
    assert "removed only when a person says so" in report.warnings[0]
    assert case.members() == {STRANGER}, "an empty audience empties no list by itself"
    assert case.run_later(released_by="ann").status == "ok"
    assert case.members() == set()


def test_those_who_leave_after_they_were_sent_anew_do_not_hold_it_up(case: Case) -> None:
    case.run(replaced_by="ann")
    for person in case.shop.people.values():
        person.is_member = False
    report = case.run_later()
    assert report.replacement is not None
    assert (report.status, report.replacement.state) == ("held", "asked")
    assert STRANGER not in case.members()


def test_whom_the_platform_had_refused_is_taken_for_gone(case: Case) -> None:
    ledger = case.warehouse.relation("ledger", "sync")
    [old, new] = sorted(case.shop.people["ann"].identifiers | case.shop.people["gus"].identifiers)[:2]
    for entry, age in ((old, LONG_AGO), (new, timedelta(hours=1))):
        case.warehouse.execute(
            f"update {ledger} set state = 'rejected', updated_at = :at where identifier = :value",
            at=case.clock.now() - age,
            value=entry.value,
        )
    for _ in range(3):
        case.run_later(replaced_by=None if case.replacements() else "ann")
    assert case.replacements() == [("done",)]
    assert case.members() == case.wanted() - {old, new}
    held = case.warehouse.rows(f"select identifier, may_hold from {ledger} where state = 'rejected'")
    assert dict(held) == {old.value: False, new.value: True}


def test_a_list_that_is_made_anew_ends_it(case: Case) -> None:
    case.run(replaced_by="ann")
    case.world.simulator.lists.delete(case.entry.id)
    assert case.run_later().status == "failed"
    assert case.run(recreate=True).status == "ok"
    assert case.replacements() == [("dropped",)]
    assert case.members() == case.wanted()
    assert case.run_later().replacement is None


def test_status_shows_what_is_under_way(case: Case) -> None:
    def shown() -> Replacement | None:
        [entry] = list_states(case.warehouse, case.clock.now())
        replacement = entry["replacement"]
        assert replacement is None or isinstance(replacement, Replacement)
        return replacement

    assert shown() is None
    case.run(replaced_by="ann")
    found = shown()
    assert str(found).startswith("everybody is sent anew (asked for by ann on ")
    assert found is not None
    assert found.as_json()["state"] == "sending"
    case.run_later()
    assert str(shown()).startswith("the platform removes whoever was last added before ")
    case.run_later()
    assert shown() is None
    assert replacements_under_way(case.warehouse) == {}


def test_a_comparison_names_the_command_and_does_not_take_the_fall_for_drift(case: Case) -> None:
    case.entry.members |= {
        Key(*email(f"stranger {number}")): case.clock.now() - LONG_AGO for number in range(900)
    }
    report = case.run_later(compare=True)
    assert report.status == "partial"
    assert report.hint == (
        "segmentloom-sync run buyers --replace --by YOUR_NAME sends everybody anew and has the others removed"
    )
    assert "somebody else adds to the list" in str(report.message)
    report = case.run_later(replaced_by="ann", compare=True)
    report = case.run_later(compare=True)
    assert report.reconciliation is not None
    assert report.reconciliation.remedy.startswith("a replacement is under way: everybody is sent anew")
    assert case.members() == case.wanted()
    case.run_later()
    report = case.run_later(compare=True)
    assert report.reconciliation is not None
    assert (report.status, report.reconciliation.drift, case.pushes) == ("ok", [], [])
