"""Lists that no audience fills any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from segmentloom_sync.audiences.problems import START, Problem
from segmentloom_sync.destinations.settings import DestinationSettings
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.settings import ConfiguredDestination, Settings, load_settings
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import unfinished_audiences
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.sync.unfollowed import UnfollowedList, unfollowed_lists, unfollowed_warning
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.removing import remove_from_unfollowed
from tests.unit.sync.shop import AUDIENCE, Shop, TestClock, email


@pytest.fixture
def settings(tmp_path: Path, platform: MemoryPlatform, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "segmentloom.yml").write_text("destinations: {}\n")
    block = DestinationSettings(type="memory", base_url="https://a.test", api_version="1", batch_size=2)
    configured = ConfiguredDestination("memory", platform, block)
    monkeypatch.setattr(Settings, "destinations", lambda self, names, clock: {"memory": configured})
    return load_settings(tmp_path)


def test_opt_outs_leave_a_list_that_no_audience_fills_any_more(
    shop: Shop,
    platform: MemoryPlatform,
    target: SyncTarget,
    runner: SyncRunner,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    clock: TestClock,
) -> None:
    shop.add("ann", "bob", "cat")
    shop.publish()
    runner.run(target)
    shop.people["ann"].is_opted_out = True
    shop.people["bob"].is_member = False
    shop.publish()
    clock.time += timedelta(days=3)

    [report] = remove_from_unfollowed(runner, [], settings)

    assert (report.status, report.removes) == ("ok", 1)
    assert platform.members == {email("bob"), email("cat")}
    assert "no audience fills the list 'Buyers' at memory any more" in capsys.readouterr().err
    assert remove_from_unfollowed(runner, [], settings) == []


def test_a_list_of_a_removed_destination_fails_the_run_only_where_somebody_must_go(
    shop: Shop,
    target: SyncTarget,
    runner: SyncRunner,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(self: Settings, names: Iterable[str], clock: TestClock) -> None:
        raise ConfigError("there is no destination 'memory'")

    shop.add("ann", "bob")
    shop.publish()
    runner.run(target)
    monkeypatch.setattr(Settings, "destinations", unknown)
    assert remove_from_unfollowed(runner, [], settings) == []
    assert "nobody can be removed from it: there is no destination 'memory'" in capsys.readouterr().err

    shop.request("opt_out", "user_id:ann")
    [report] = remove_from_unfollowed(runner, [], settings)
    assert (report.status, report.exit_code) == ("failed", 2)
    assert "somebody who opted out cannot be removed from the list 'Buyers' at memory" in str(report.message)


ENTRY = UnfollowedList("vip", "meta", "VIP")
HELD = "only opt-outs are removed from it until this is right"


@pytest.mark.parametrize(
    ("problems", "warning"),
    [
        ([], ENTRY.warning),
        (
            [Problem("audiences/vip.yml", START, "is empty")],
            f"the list 'VIP' at meta is held back with audiences/vip.yml: {HELD}: audiences/vip.yml",
        ),
        (
            [
                Problem("audiences/draft.yml", START, "is empty"),
                Problem("audiences/other.yml", START, "is empty"),
                Problem("audiences/first.yml", START, "held", follows="audiences/draft.yml"),
                Problem("audiences/vip.yml", START, "held", follows="audiences/first.yml"),
            ],
            f"the list 'VIP' at meta is held back with audiences/vip.yml: {HELD}: audiences/draft.yml",
        ),
        (
            [
                Problem("audiences/draft.yml", START, "is empty"),
                Problem("audiences/first.yml", START, "held", follows="audiences/draft.yml"),
            ],
            "no audience whose file is right fills the list 'VIP' at meta: "
            f"{HELD}, which may fill it: audiences/draft.yml",
        ),
    ],
)
def test_nobody_is_told_to_delete_a_list_that_a_wrong_file_may_fill(
    problems: list[Problem], warning: str
) -> None:
    assert unfollowed_warning(ENTRY, problems) == warning
    assert ("delete it" in warning) is (not problems)


def test_a_list_without_members_or_with_an_audience_is_no_matter(
    shop: Shop, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> None:
    assert unfollowed_lists(warehouse, []) == []
    shop.add("ann")
    shop.publish()
    runner.run(target)
    assert [entry.list_name for entry in unfollowed_lists(warehouse, [])] == ["Buyers"]
    assert unfollowed_lists(warehouse, [("memory", "Buyers")]) == []


def test_an_unfinished_run_of_such_a_list_makes_nothing_due(
    shop: Shop, platform: MemoryPlatform, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse
) -> None:
    shop.add("ann")
    shop.publish()
    platform.faults = ["ok", "busy"]
    assert runner.run(replace(target, list_name="Old")).status == "retry_later"
    assert unfinished_audiences(warehouse, [("memory", "Old")]) == [AUDIENCE]
    assert unfinished_audiences(warehouse, [("memory", "Buyers")]) == []
