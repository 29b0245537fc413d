"""Lists that their platform is too strict to use: warned about, and sent all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import pytest

from segmentloom_sync.destinations.registry import destination_type
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.size_floor import floor_warning
from segmentloom_sync.sync.target import SyncTarget
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import Person, Shop


class PickyPlatform(MemoryPlatform):
    """Uses lists of three matched people and more."""

    min_matched: ClassVar[int | None] = 3


@pytest.fixture
def platform() -> PickyPlatform:
    return PickyPlatform()


def test_the_floors_are_those_of_the_platforms() -> None:
    floors = {
        name: destination_type(name).min_matched
        for name in ("google_ads", "meta", "linkedin", "tiktok", "webhook")
    }
    assert floors == {"google_ads": 100, "meta": 100, "linkedin": 300, "tiktok": 1_000, "webhook": None}


@pytest.mark.parametrize(
    ("people", "is_bound", "number"),
    [(0, False, "0 people"), (1, False, "1 person"), (2, True, "at most 2 people"), (3, False, None)],
)
def test_a_warning_says_how_many_there_are(
    target: SyncTarget, people: int, is_bound: bool, number: str | None
) -> None:
    warning = floor_warning(target, people, is_bound=is_bound)
    assert warning == (
        f"the list 'Buyers' at memory has {number} to match, "
        "and memory uses no list with fewer than 3 matched people"
        if number
        else None
    )


def test_a_platform_without_a_floor_is_not_warned_about(target: SyncTarget) -> None:
    assert floor_warning(replace(target, destination=MemoryPlatform()), 0) is None


def test_plan_and_run_count_people_and_not_identifiers(
    shop: Shop, platform: PickyPlatform, target: SyncTarget, runner: SyncRunner
) -> None:
    shop.people = {name: Person(emails=(name,), phones=(name,)) for name in ("ann", "bob")}
    shop.publish()
    for _ in range(2):
        planned, ran = runner.plan(target), runner.run(target)
        assert planned.warnings == ran.warnings == ran.as_json()["warnings"]
        [warning] = ran.warnings
        assert "has 2 people to match" in warning
        assert (planned.exit_code, ran.exit_code, ran.status) == (0, 0, "ok")
    assert len(platform.members) == 4

    shop.add("cat")
    shop.publish()
    assert (runner.plan(target).warnings, runner.run(target).warnings) == ([], [])

    shop.people["cat"].is_member = False
    shop.publish()
    assert "has 2 people to match" in runner.plan(target).warnings[0]
    assert "has 2 people to match" in runner.run(target).warnings[0]
