"""Audiences hold who plain Python says while windows slide, events arrive, people merge, rules change."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.killable_dbt import KillableDbt
from tests.oracles.audience_generator import AS_OF
from tests.oracles.audience_history import AudienceHistory
from tests.workspace import Workspace


def test_members_are_right_while_windows_slide(tmp_path: Path) -> None:
    history = AudienceHistory(Workspace.create(tmp_path / "project"), 5)
    history.ask(history.more_audiences(12))
    history.land(400, AS_OF)
    with KillableDbt(history.workspace) as dbt:
        history.build(dbt, AS_OF)
        history.land(40, AS_OF + timedelta(hours=1))
        history.build(dbt, AS_OF + timedelta(hours=1))
        _is_right(history)
        history.displace(8)
        history.unmerge(4)
        history.build(dbt, AS_OF + timedelta(days=7, microseconds=1))
        _is_right(history)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_members_are_right_after_every_build(seed: int, tmp_path: Path) -> None:
    history = AudienceHistory(Workspace.create(tmp_path / "project"), seed)
    history.ask(history.more_audiences(25))
    history.land(400, AS_OF)
    with KillableDbt(history.workspace) as dbt:
        history.build(dbt, AS_OF)
        _is_right(history)
        history.build(dbt, AS_OF)
        _is_right(history)
        for hours in (1, 2):
            history.land(40, AS_OF + timedelta(hours=hours))
            history.build(dbt, AS_OF + timedelta(hours=hours))
            _is_right(history)
        history.displace(8)
        history.unmerge(4)
        history.build(dbt, AS_OF + timedelta(days=7, microseconds=1))
        _is_right(history)
    history.ask(history.more_audiences(6))
    with KillableDbt(history.workspace) as dbt:
        history.land(40, AS_OF + timedelta(days=14))
        history.build(dbt, AS_OF + timedelta(days=14))
        _is_right(history)
        history.build(dbt, AS_OF + timedelta(days=2))  # back in time
        _is_right(history)
    kept = {name: file for name, file in history.files.items() if name not in {"a3", "a4"}}
    history.ask(kept)
    with KillableDbt(history.workspace) as dbt:
        history.build(dbt, AS_OF + timedelta(days=44))
        _is_right(history)
        conditions = history.conditions()
        history.build(dbt, AS_OF + timedelta(days=44), "--full-refresh")
        _is_right(history)
        assert history.conditions() == conditions


def _is_right(history: AudienceHistory) -> None:
    expected = history.expected()
    for place, members in history.found().items():
        wrong = {name for name in expected if members[name] != expected[name]}
        assert not wrong, (place, history.as_of, {name: history.files[name] for name in sorted(wrong)[:2]})
