"""Identity built bit by bit, with decisions in between, against the oracles and against one single build."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.oracles.build import LOW_RULES
from tests.oracles.chronicle import Chronicle, Step
from tests.oracles.decision_mutants import DECISION_MUTANTS
from tests.oracles.events import accepted
from tests.oracles.failing_worlds import differences
from tests.oracles.histories import decisions, in_builds, opposites, unmerges
from tests.oracles.identity import stitch
from tests.oracles.log_checks import problems
from tests.oracles.log_mutants import LOG_MUTANTS
from tests.oracles.merge_log import replayed
from tests.oracles.merges import merge_causes
from tests.oracles.messy_events import messy_events
from tests.oracles.relations import COLUMNS, expected_relations
from tests.oracles.transitions import KINDS, transitions

pytestmark = pytest.mark.slow

IDLE = ("nothing new", "full refresh")
STEPS = (
    *("build 1", "build 2", "build 3", "build 4", "unmerged", "remerged"),
    *(*IDLE, "other limits", "other block list"),
)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((21, 600), id="600 worlds"),
        pytest.param((22, 400), id="400 other worlds"),
    ],
)
def chronicle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Chronicle:
    """Random event sets in random loads, four builds of them, and what people can do afterwards."""
    seed, worlds = request.param
    random = Random(seed)
    told = Chronicle.under_low_limits(tmp_path_factory.mktemp("chronicle") / "project")
    events = messy_events(seed, worlds, with_blocked=True)
    links = sorted(stitch(accepted(events), LOW_RULES).links, key=sorted)
    parts = in_builds(events, 5, random)
    told.build("build 1", parts[0])
    for name, part, ahead in [("build 2", 1, []), ("build 3", 2, parts[4]), ("build 4", 3, [])]:
        decided = decisions(told.identity, told.overrides, links, 60, random)
        told.build(name, parts[part], decided, ahead=ahead)
    unmerged = unmerges(told.identity, 150, random)
    told.build("unmerged", overrides=unmerged)
    told.build("remerged", overrides=opposites(unmerged, random))
    told.build("nothing new")
    told.build("full refresh", [], [], "--full-refresh")
    told.build("other limits", rules=replace(LOW_RULES, users_per_email=1, users_per_device=4))
    blocked = told.rules.blocked | set(random.sample(sorted(told.identity.sightings), 50))
    told.build("other block list", rules=replace(told.rules, blocked=blocked))
    return told


@pytest.fixture(params=STEPS)
def step(request: pytest.FixtureRequest, chronicle: Chronicle) -> Step:
    """Each of the builds."""
    found: Step = chronicle.steps[request.param]
    return found


@pytest.mark.parametrize("relation", COLUMNS)
def test_every_relation_is_as_the_oracle_says_after_every_build(relation: str, step: Step) -> None:
    assert differences(step.found[relation], step.expected[relation], step.after) == {}


def test_the_log_tells_exactly_what_a_build_changed(step: Step) -> None:
    assert list(problems(step.before, step.after, step.logged)) == []


@pytest.mark.parametrize("mutant", LOG_MUTANTS)
def test_a_wrong_log_is_told_from_a_right_one(mutant: str, chronicle: Chronicle) -> None:
    step = chronicle.steps["build 4"]
    assert list(problems(step.before, step.after, LOG_MUTANTS[mutant](step.logged))) != []


def test_the_first_build_names_each_cause_of_a_merge_once(chronicle: Chronicle) -> None:
    step = chronicle.steps["build 1"]
    named = sorted(sorted(row.link or ()) for row in step.logged)
    assert named == sorted(map(sorted, merge_causes(step.after)))


def test_the_log_is_only_added_to(step: Step) -> None:
    assert step.unlogged == []


@pytest.mark.parametrize("idle", IDLE)
def test_a_build_that_changes_nothing_logs_nothing(idle: str, chronicle: Chronicle) -> None:
    assert chronicle.steps[idle].logged == []


def test_rows_of_the_log_are_told_apart(chronicle: Chronicle) -> None:
    assert max(Counter(row.merge_id for row in chronicle.log).values()) == 1
    runs = [{(row.run_id, row.happened_at) for row in step.logged} for step in chronicle.steps.values()]
    assert all(len(run) <= 1 for run in runs)
    assert len(set().union(*runs)) == len([run for run in runs if run])


def test_the_log_replays_to_the_profiles_that_there_are(chronicle: Chronicle) -> None:
    ids: set[str] = set()
    for step in chronicle.steps.values():
        ids = replayed(ids, step.before, step.after, step.logged)
        assert ids == set(step.after.profiles)


def test_remerging_what_was_unmerged_restores_the_former_state(chronicle: Chronicle) -> None:
    steps = chronicle.steps
    assert steps["unmerged"].expected["profiles"] != steps["build 4"].expected["profiles"]
    assert_same_state(steps["remerged"], steps["build 4"])


@pytest.mark.parametrize("idle", IDLE)
def test_a_build_with_nothing_new_changes_nothing(idle: str, chronicle: Chronicle) -> None:
    assert_same_state(chronicle.steps[idle], chronicle.steps["remerged"])


def test_one_build_of_everything_in_another_order_gives_the_same_state(
    chronicle: Chronicle, tmp_path: Path
) -> None:
    random = Random(5)
    single = Chronicle.under_low_limits(tmp_path / "project")
    deliveries = random.sample(chronicle.deliveries, len(chronicle.deliveries))
    overrides = random.sample(chronicle.overrides, len(chronicle.overrides))
    assert_same_state(single.build("single", deliveries, overrides), chronicle.steps["remerged"])


@pytest.mark.parametrize("mutant", DECISION_MUTANTS)
def test_the_decisions_tell_wrong_rules_from_right_ones(
    mutant: str, chronicle: Chronicle, monkeypatch: pytest.MonkeyPatch
) -> None:
    DECISION_MUTANTS[mutant](monkeypatch)
    wrong = expected_relations(chronicle.deliveries, LOW_RULES, chronicle.overrides)
    assert wrong != chronicle.steps["nothing new"].found


def test_the_worlds_bring_about_whatever_can_happen(chronicle: Chronicle) -> None:
    found = sum((transitions(step.before, step.after) for step in chronicle.steps.values()), Counter[str]())
    assert set(found) == KINDS
    assert min(found.values()) > 1


def assert_same_state(one: Step, other: Step) -> None:
    """Every relation that is state has the same rows in every column."""
    assert one.state.keys() == other.state.keys()
    for relation, rows in one.state.items():
        more = list((rows - other.state[relation]).elements())
        less = list((other.state[relation] - rows).elements())
        assert (more[:5], less[:5]) == ([], []), relation
