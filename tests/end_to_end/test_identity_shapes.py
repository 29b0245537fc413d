"""What is decided of addresses, devices and aliases that merge whom they should not, or take long."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.oracles.chronicle import Chronicle
from tests.oracles.events import Delivery, Identifier
from tests.oracles.identity import Rules, profile_id_of
from tests.oracles.log_checks import problems
from tests.oracles.messy_events import START
from tests.oracles.overrides import Override
from tests.oracles.relations import COLUMNS, Rows
from tests.oracles.shapes import address_of, alias_chain, device_of, hub, path
from tests.workspace import Workspace

pytestmark = pytest.mark.slow

DEVICES = 5_000
MIDDLE = (("user_id", "path5000"), ("user_id", "path5001"))
STEPS = ("first half", "second half", "cut in two", "joined again")


@pytest.fixture(scope="module")
def chronicle(tmp_path_factory: pytest.TempPathFactory) -> Chronicle:
    """Half of each shape, all of it, then one link of the long path suppressed, then restored."""
    shapes = {
        "info": (address_of(500, "info"), 5),
        "tablet": (device_of(200, "tablet"), 10),
        "kiosk": (device_of(11, "kiosk-in-store"), 10),
        "family": (device_of(10, "family"), 2),
        "account": (alias_chain("account"), 2),
        "path": (path(10_000), 5_000),
        "hub": (hub(DEVICES), 400),
    }
    told = Chronicle(Workspace.create(tmp_path_factory.mktemp("shapes") / "project"), Rules())
    first = [one for events, half in shapes.values() for one in _load(events[:half], "first")]
    second = [one for events, half in shapes.values() for one in _load(events[half:], "second")]
    told.build("first half", first)
    told.build("second half", second)
    told.build("cut in two", overrides=[_decision("a", 1, "unmerge")])
    told.build("joined again", overrides=[_decision("b", 2, "remerge")])
    return told


@pytest.mark.parametrize("relation", COLUMNS)
@pytest.mark.parametrize("step", STEPS)
def test_every_relation_is_as_the_oracle_says(step: str, relation: str, chronicle: Chronicle) -> None:
    built = chronicle.steps[step]
    assert len(built.found[relation] ^ built.expected[relation]) == 0


@pytest.mark.parametrize("step", STEPS)
def test_the_log_tells_exactly_what_changed(step: str, chronicle: Chronicle) -> None:
    built = chronicle.steps[step]
    assert list(problems(built.before, built.after, built.logged)) == []


@pytest.fixture(scope="module")
def answers(chronicle: Chronicle) -> dict[str, Answers]:
    """What the warehouse says after each step."""
    return {name: Answers(step.found) for name, step in chronicle.steps.items()}


class Answers:
    """The profiles and conflicts that one build left, to be asked by identifier."""

    def __init__(self, found: dict[str, Rows]) -> None:
        """Index the relations that were found."""
        self._profile_of: dict[Identifier, str] = {(row[0], row[1]): row[2] for row in found["identifiers"]}
        self._members: dict[str, set[Identifier]] = {}
        for identifier, profile in self._profile_of.items():
            self._members.setdefault(profile, set()).add(identifier)
        self._quarantined = {row[0] for row in found["profiles"] if row[11]}
        self._conflicts = found["identity_conflicts"]

    def profile(self, identifier: Identifier) -> str:
        """The profile that an identifier is in."""
        return self._profile_of[identifier]

    def members(self, profile: str) -> set[Identifier]:
        """The identifiers of a profile."""
        return self._members[profile]

    def is_quarantined(self, profile: str) -> bool:
        """Whether a profile is too large to be sent."""
        return profile in self._quarantined

    def refused(self, rule: str, identifier: Identifier) -> tuple[int, set[tuple[int, int]]]:
        """How many links of an identifier a rule refuses, and with which counts and limits."""
        rows = [row for row in self._conflicts if row[:3] == (rule, *identifier)]
        return len(rows), {row[5:7] for row in rows}


def test_five_people_of_one_address_are_one_until_a_sixth_gives_it(answers: dict[str, Answers]) -> None:
    first, second = answers["first half"], answers["second half"]
    assert len({first.profile(("user_id", f"info.{n}")) for n in range(5)}) == 1
    assert len({second.profile(("user_id", f"info.{n}")) for n in range(500)}) == 500


def test_nobody_of_500_is_merged_by_the_address_that_they_share(answers: dict[str, Answers]) -> None:
    step = answers["second half"]
    for n in range(500):
        profile = step.profile(("user_id", f"info.{n}"))
        assert step.members(profile) == {("user_id", f"info.{n}"), ("anonymous_id", f"info-device-{n}")}
    address = ("email", "info@example.com")
    assert step.members(step.profile(address)) == {address}
    # Its links to users and to their devices are refused alike.
    assert step.refused("shared_email", address) == (1_000, {(500, 5)})


def test_nobody_of_200_is_merged_by_the_tablet_that_they_share(answers: dict[str, Answers]) -> None:
    first, second = answers["first half"], answers["second half"]
    tablet = ("anonymous_id", "tablet")
    assert first.members(first.profile(tablet)) == {tablet, ("user_id", "tablet.0")}
    assert second.members(second.profile(tablet)) == {tablet}
    assert len({second.profile(("user_id", f"tablet.{n}")) for n in range(200)}) == 200
    assert second.refused("kiosk", tablet) == (200, {(200, 10)})


def test_a_device_is_a_kiosk_from_its_eleventh_user_on(answers: dict[str, Answers]) -> None:
    first, second = answers["first half"], answers["second half"]
    kiosk, family = ("anonymous_id", "kiosk-in-store"), ("anonymous_id", "family")
    assert first.refused("kiosk", kiosk) == (0, set())
    assert first.members(first.profile(kiosk)) == {kiosk, ("user_id", "kiosk-in-store.0")}
    assert second.members(second.profile(kiosk)) == {kiosk}
    assert second.members(second.profile(family)) == {family, ("user_id", "family.0")}
    assert second.refused("later_link", family) == (9, {(10, 1)})


def test_a_chain_of_aliases_is_one_person_under_the_id_of_the_first_visit(
    answers: dict[str, Answers],
) -> None:
    first, second = answers["first half"], answers["second half"]
    visitor = ("anonymous_id", "account-visitor")
    assert first.members(first.profile(visitor)) == {visitor, ("user_id", "account-1")}
    accounts = {("user_id", f"account-{n}") for n in (1, 2, 3)}
    everything = {visitor, *accounts, ("email", "account@example.com")}
    assert second.members(profile_id_of(visitor)) == everything


@pytest.mark.parametrize(
    ("step", "sizes"),
    [("second half", {10_001}), ("cut in two", {5_001, 5_000}), ("joined again", {10_001})],
)
def test_a_long_path_is_one_quarantined_profile_and_can_be_cut(
    step: str, sizes: set[int], answers: dict[str, Answers]
) -> None:
    built = answers[step]
    profiles = {built.profile(("user_id", f"path{n}")) for n in range(10_001)}
    assert {len(built.members(profile)) for profile in profiles} == sizes
    assert all(built.is_quarantined(profile) for profile in profiles)


def test_one_unmerge_logs_one_split_and_its_remerge_one_merge(chronicle: Chronicle) -> None:
    cut, joined = chronicle.steps["cut in two"].logged, chronicle.steps["joined again"].logged
    assert [(row.kind, row.rule, row.link) for row in cut] == [("split", "unmerge", frozenset(MIDDLE))]
    assert [(row.kind, row.rule, row.link) for row in joined] == [("merge", "alias", frozenset(MIDDLE))]
    assert (cut[0].surviving_profile_id, cut[0].absorbed_profile_id) == (
        joined[0].surviving_profile_id,
        joined[0].absorbed_profile_id,
    )
    assert (cut[0].reason, cut[0].requested_by) == ("so the random numbers said", "the oracle")


def test_a_hub_is_one_profile_and_quarantined_when_it_grows_too_large(answers: dict[str, Answers]) -> None:
    first, second = answers["first half"], answers["second half"]
    assert not first.is_quarantined(first.profile(("user_id", "hub")))
    assert len(second.members(second.profile(("user_id", "hub")))) == DEVICES + 1
    assert second.is_quarantined(second.profile(("user_id", "hub")))


def test_a_hub_of_100_000_devices_grows_by_a_few(tmp_path: Path) -> None:
    told = Chronicle(Workspace.create(tmp_path / "project"), Rules())
    devices = hub(100_000)
    told.build("most", _load(devices[:99_000], "most"))
    step = told.build("all", _load(devices[99_000:], "all"))
    for relation in COLUMNS:
        assert len(step.found[relation] ^ step.expected[relation]) == 0, relation
    everything = Answers(step.found)
    assert len(everything.members(everything.profile(("user_id", "hub")))) == 100_001
    assert {row.kind for row in step.logged} == {"merge"}
    assert len(step.logged) == 1_000


def _load(deliveries: list[Delivery], load_id: str) -> list[Delivery]:
    return [replace(one, load_id=load_id) for one in deliveries]


def _decision(override_id: str, seconds: int, action: str) -> Override:
    return Override(
        override_id=override_id,
        decided_at=START + timedelta(seconds=seconds),
        action=action,
        identifier=MIDDLE[0],
        other=MIDDLE[1],
    )
