"""What a platform says of a list is compared with the ledger, and what it lost is sent anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from segmentloom_sync.cli.sync_report import print_reports
from segmentloom_sync.destinations.base import AudienceList, MatchRate
from segmentloom_sync.destinations.list_state import ListState
from segmentloom_sync.sync import match_rates
from segmentloom_sync.sync.reconciliation import Reconciliation
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.memory_platform import MemoryPlatform, StatedPlatform
from tests.unit.sync.shop import Shop, TestClock

PEOPLE = 150


@pytest.fixture
def platform() -> StatedPlatform:
    return StatedPlatform(batch_size=PEOPLE)


@pytest.fixture
def filled(
    shop: Shop, target: SyncTarget, runner: SyncRunner, platform: StatedPlatform, clock: TestClock
) -> SyncTarget:
    """A list in step, last changed three days ago."""
    shop.add(*(f"person{number}" for number in range(PEOPLE)))
    shop.publish()
    patient = replace(target, cadence=timedelta(days=9))
    assert runner.run(patient).status == "ok"
    clock.time += timedelta(days=3)
    platform.calls.clear()
    return patient


def size(lower: float, upper: float | None = None) -> MatchRate:
    return MatchRate("bounds", "size", lower=lower, upper=lower if upper is None else upper)


def compare(
    warehouse: Warehouse, clock: TestClock, target: SyncTarget, *, recreate: bool = False
) -> tuple[Reconciliation | None, str]:
    report = SyncRunner(warehouse, clock, compare=True, recreate=recreate).run(target)
    return report.reconciliation, report.status


def test_a_list_in_step_is_left_alone(
    warehouse: Warehouse, clock: TestClock, filled: SyncTarget, platform: StatedPlatform
) -> None:
    platform.state = ListState("OPEN", size=size(60, 80))
    found, status = compare(warehouse, clock, filled)
    assert found is not None
    assert found.as_json() == {
        "status": "OPEN",
        "size_lower": 60.0,
        "size_upper": 80.0,
        "identifiers": PEOPLE,
        "drift": [],
        "unrepaired": [],
        "sent_anew": 0,
        "unreadable": ["who is on the list"],
    }
    assert (status, platform.calls) == ("ok", [])


def test_without_being_asked_for_no_platform_is_asked(
    filled: SyncTarget, runner: SyncRunner, platform: StatedPlatform
) -> None:
    platform.state = ListState("EXPIRED", "lost")
    report = runner.run(filled)
    assert (report.status, report.reconciliation, platform.calls) == ("ok", None, [])


def test_what_the_platform_says_it_lost_is_sent_anew_once(
    warehouse: Warehouse, clock: TestClock, filled: SyncTarget, platform: StatedPlatform, shop: Shop
) -> None:
    platform.lose_members()
    platform.state = ListState("EXPIRED", "lost", is_size_readable=False)
    found, status = compare(warehouse, clock, filled)
    assert found is not None
    assert found.drift == ["the platform no longer has the members (status EXPIRED)"]
    assert (found.sent_anew, status) == (PEOPLE, "ok")
    assert found.unreadable == ["who is on the list", "its size"]
    assert platform.members == shop.wanted()
    platform.calls.clear()
    platform.state = ListState("READY")
    assert compare(warehouse, clock, filled)[1] == "ok"
    assert platform.calls == []


def test_who_left_meanwhile_is_not_sent_anew(
    warehouse: Warehouse, clock: TestClock, filled: SyncTarget, platform: StatedPlatform, shop: Shop
) -> None:
    platform.lose_members()
    platform.state = ListState("EXPIRED", "lost")
    shop.people["person0"].is_member = False
    shop.request("opt_out", "user_id:person1")
    shop.publish()
    assert compare(warehouse, clock, filled)[1] == "ok"
    assert platform.members == shop.wanted()
    assert len(platform.members) == PEOPLE - 2


SIZES: tuple[tuple[MatchRate | None, MatchRate | None, bool], ...] = (
    (size(150), size(0), True),
    (size(150), size(20, 34), True),
    (size(150), size(20, 35), False),  # a tenth and a step of 100 are within rounding
    (size(100), size(0), False),
    (MatchRate("counts", "size", matched=150), MatchRate("counts", "size", matched=3), True),
    (MatchRate("percent", "size", lower=150, upper=150), size(0), False),  # no size
    (MatchRate("counts", "size", matched=150, submitted=150), size(0), False),  # of a week's uploads
    (size(5_000), size(0), True),
    (size(150), None, False),  # hidden, as small lists are
    (None, size(0), False),
)
"""What the platform counted before, what it counts now, and whether rounding does not explain it."""


def test_a_size_that_fell_more_than_rounding_explains_is_repaired_once(
    warehouse: Warehouse, clock: TestClock, filled: SyncTarget, platform: StatedPlatform
) -> None:
    known = AudienceList(platform.names["Buyers"], "Buyers")
    for before, now, is_drift in SIZES:
        warehouse.execute(f"delete from {warehouse.relation('match_rates', 'sync')} where true")
        if before is not None:
            match_rates.store(warehouse, clock, filled, known, [before])
        clock.sleep(60)
        platform.state = ListState("OPEN", size=now)
        found, status = compare(warehouse, clock, filled)
        assert found is not None
        assert (bool(found.drift), found.sent_anew, status) == (is_drift, PEOPLE * is_drift, "ok"), before
        assert not is_drift or "somebody else removes from the list" in found.drift[0]
        platform.calls.clear()
        clock.sleep(60)
        assert compare(warehouse, clock, filled) == (replace(found, drift=[], sent_anew=0), "ok")
        assert platform.calls == []


def test_a_size_that_fell_by_our_own_removals_is_no_drift(
    warehouse: Warehouse, clock: TestClock, filled: SyncTarget, platform: StatedPlatform, shop: Shop
) -> None:
    for number in range(10):
        shop.people[f"person{number}"].is_member = False
    shop.publish()
    assert SyncRunner(warehouse, clock).run(filled).removes == 10
    known = AudienceList(platform.names["Buyers"], "Buyers")
    clock.sleep(60)
    match_rates.store(warehouse, clock, filled, known, [size(130)])  # it has not counted them yet
    shop.publish()
    platform.state = ListState("OPEN", size=size(8))
    found, _ = compare(warehouse, clock, filled)
    assert found is not None
    assert found.drift == []
    platform.state = ListState("OPEN", size=size(7))
    match_rates.store(warehouse, clock, filled, known, [size(130)])
    clock.sleep(1)
    found, _ = compare(warehouse, clock, filled)
    assert found is not None
    assert found.sent_anew == PEOPLE - 10


def test_a_size_that_fell_as_others_were_removed_is_no_drift(
    warehouse: Warehouse, clock: TestClock, filled: SyncTarget, platform: StatedPlatform
) -> None:
    """Sizes from before a replacement, and until they have caught up with it, are of other people too."""
    known = AudienceList(platform.names["Buyers"], "Buyers")
    match_rates.store(warehouse, clock, filled, known, [size(150)])
    warehouse.execute(
        f"insert into {warehouse.relation('replacements', 'sync')}"
        " (destination, list_id, state, asked_at, finished_at) values ('memory', :list_id, 'done', :at, :at)",
        list_id=known.id,
        at=clock.now(),
    )
    platform.state = ListState("OPEN", size=size(0))
    for hours in (1, 48):
        clock.time += timedelta(hours=hours)
        found, _ = compare(warehouse, clock, filled)
        assert found is not None
        assert found.drift == []
    clock.time += timedelta(minutes=1)
    match_rates.store(warehouse, clock, filled, known, [size(150)])
    clock.time += timedelta(minutes=1)
    found, _ = compare(warehouse, clock, filled)
    assert found is not None
    assert found.sent_anew == PEOPLE


def test_more_users_than_identifiers_are_reported_and_left(
    warehouse: Warehouse, clock: TestClock, filled: SyncTarget, platform: StatedPlatform
) -> None:
    platform.state = ListState("OPEN", size=size(265, 900))
    assert compare(warehouse, clock, filled)[1] == "ok"
    platform.state = ListState("OPEN", size=size(266, 900))
    report = SyncRunner(warehouse, clock, compare=True).run(filled)
    assert (report.status, report.exit_code) == ("partial", 1)
    assert report.message == (
        "the platform counts at least 266 users, and only 150 identifiers were sent: "
        "somebody else adds to the list"
    )
    assert platform.calls == []


def test_a_single_identifier_is_told_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    report = RunReport("r", "buyers", "memory", "Buyers")
    report.reconciliation = Reconciliation("OPEN", None, 1, drift=["gone"], sent_anew=1, unreadable=["who"])
    print_reports([report], json=False)
    told = capsys.readouterr().err
    assert "it may hold 1 identifier; not told: who" in told
    assert "gone; 1 identifier is sent anew" in told


def test_a_closed_list_is_reported(
    warehouse: Warehouse, clock: TestClock, filled: SyncTarget, platform: StatedPlatform
) -> None:
    platform.state = ListState("CLOSED", "closed")
    report = SyncRunner(warehouse, clock, compare=True).run(filled)
    assert (report.status, report.message) == (
        "partial",
        "the list takes no members (status CLOSED): look at it there",
    )
    assert platform.calls == []


def test_a_list_that_is_gone_is_made_anew_only_when_a_person_says_so(
    warehouse: Warehouse, clock: TestClock, filled: SyncTarget, platform: StatedPlatform, shop: Shop
) -> None:
    platform.delete_list("Buyers")
    assert SyncRunner(warehouse, clock).run(filled).status == "ok"  # nothing to send, nothing noticed
    report = SyncRunner(warehouse, clock, compare=True).run(filled)
    assert (report.status, report.exit_code) == ("failed", 1)
    assert report.message == "list Buyers is gone"
    assert report.hint == "`segmentloom-sync run buyers --recreate` makes it anew and fills it"
    assert platform.names == {}

    found, status = compare(warehouse, clock, filled, recreate=True)
    assert (found, status) == (None, "ok")
    assert platform.members == shop.wanted()


def test_a_platform_that_describes_nothing_is_asked_whether_the_list_is_there(
    warehouse: Warehouse, clock: TestClock, filled: SyncTarget, platform: StatedPlatform
) -> None:
    plain = MemoryPlatform(lists=platform.lists, names=platform.names)
    found, status = compare(warehouse, clock, replace(filled, destination=plain))
    assert found is not None
    assert (found.unreadable, status) == (["who is on the list", "its status", "its size"], "ok")
    plain.delete_list("Buyers")
    assert compare(warehouse, clock, replace(filled, destination=plain)) == (None, "failed")
