"""Compares everything that is said of audiences at one time with plain Python."""

from __future__ import annotations

import json
from random import Random

from segmentloom_sync.audiences.explain import Explainer
from segmentloom_sync.audiences.library import load_audiences
from segmentloom_sync.audiences.preview import Previewer
from segmentloom_sync.identity.find_profile import Found
from segmentloom_sync.project import Project
from tests.oracles.audience_history import AudienceHistory
from tests.oracles.build import warehouse_of
from tests.oracles.condition_state import ConditionState
from tests.oracles.figures import Figures, events_behind, figures, file_leaves

AUDIENCES = 2
PROFILES = 2
MOST_EVENTS = 5
"""How many events an explanation shows of a condition."""


def check_members(history: AudienceHistory, *, published: bool) -> None:
    """Models, publication and log of each audience have its members; without `published` the models."""
    expected = history.expected()
    for place, members in history.found().items():
        if published or place == "models":
            wrong = {name for name in expected if members[name] != expected[name]}
            files = {name: history.files[name] for name in sorted(wrong)[:2]}
            assert not wrong, (place, history.as_of, files)


def check_conditions(state: ConditionState, history: AudienceHistory) -> None:
    """Each condition holds for whom it should, and what it goes by was counted right."""
    expected, found = state.expected_answers(), state.answers()
    assert found.keys() == expected.keys()
    wrong = [column for column in expected if found[column] != expected[column]]
    assert not wrong, (history.as_of, [one for one in state.asked if one.column in wrong][:2])
    should, are = state.expected_counts(), state.counts()
    assert are == should, (history.as_of, sorted(are.items() ^ should.items())[:5])


def check_commands(history: AudienceHistory) -> None:
    """`preview` and `explain` say of some audiences and profiles what plain Python does."""
    # Of its own: what is checked changes nothing of what happens next.
    world, random = history.world(), Random(f"{history.seed} {history.as_of}")
    project = Project.find(history.workspace.path, history.workspace.path)
    audiences, problems = load_audiences(project)
    assert not problems
    with warehouse_of(history.workspace) as warehouse:
        previewer = Previewer(project, warehouse, audiences, history.as_of)
        for name in random.sample(sorted(audiences), AUDIENCES):
            file, outranked_by = history.files[name], history.outranking(name)
            context = (history.as_of, name, json.dumps(file, default=str))
            preview = previewer.preview(audiences[name])
            found = Figures(
                preview.members,
                [count.members for count in preview.conditions],
                [count.removes for count in preview.conditions],
                [step.members for step in preview.funnel],
            )
            assert found == figures(world, file, name, outranked_by), context
            members = sorted(world.audiences[name])
            for profile in [
                *random.sample(sorted(world.traits), PROFILES - 1),
                random.choice(members or sorted(world.traits)),
            ]:
                explainer = Explainer(project, warehouse, audiences, history.as_of, Found(profile))
                explanation = explainer.explain(audiences[name], {})
                assert explanation.member == (profile in world.audiences[name]), (*context, profile)
                zone = file.get("time_zone", "UTC")
                for leaf, judged in zip(file_leaves(file), explanation.conditions, strict=False):
                    assert judged.holds == (profile in world.holding(leaf, zone)), (*context, profile)
                    if "event" in leaf and "occurrence" not in leaf:
                        behind = events_behind(world, leaf, profile, zone)
                        assert judged.evidence["count"] == len(behind), (*context, profile)
                        shown = [one["event_id"] for one in judged.evidence["events"]]
                        assert shown == [one.event_id for one in behind[:MOST_EVENTS]], (*context, profile)
