"""Audiences are as plain Python says while windows slide, events come and go, people merge, rules change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.audience_history import AudienceHistory
from tests.oracles.audience_story import Story
from tests.oracles.window_edges import KINDS
from tests.workspace import Workspace


def test_all_is_right_while_windows_slide(tmp_path: Path) -> None:
    with Story(Workspace.create(tmp_path / "project"), seed=5, audiences=8) as story:
        story.slide_over("clock change")
        story.change_everything()
        story.ask_otherwise(3, AudienceHistory.evaluate)
        story.slide_over("rolling")


@pytest.mark.slow
def test_all_is_right_through_deletions_and_full_refreshes(tmp_path: Path) -> None:
    with Story(Workspace.create(tmp_path / "project"), seed=5, audiences=8) as story:
        story.slide_over("rolling", "clock change")
        story.change_everything()
        story.slide_over("arrival")
        story.ask_otherwise(3, AudienceHistory.evaluate)
        story.delete_events()
        story.slide_over("calendar", "rolling")
        story.look_back()
        story.count_anew(AudienceHistory.slide)
        assert len(set(story.times)) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_all_is_right_after_every_build(seed: int, tmp_path: Path) -> None:
    with Story(Workspace.create(tmp_path / "project"), seed, audiences=25) as story:
        for _ in KINDS:
            story.change_everything()
            story.slide_over(story.rarest())
        story.ask_otherwise(6, AudienceHistory.build)
        for _ in KINDS:
            story.slide_over(story.rarest())
        assert len(story.gone_over) >= 3
        story.slide_over_other_answers()
        story.delete_events()
        story.change_everything()
        story.look_back()
        story.change_everything()
        story.count_anew(AudienceHistory.build)
        assert len(set(story.times)) >= 30
