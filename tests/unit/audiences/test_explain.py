"""Each condition of an explanation is as plain Python has it, and so are the events behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from rich.console import Console

from segmentloom_sync import terminal
from segmentloom_sync.audiences.definition import AudienceFile
from segmentloom_sync.audiences.evidence import MOST_EVENTS, FoundEvent, FoundEvents, chain
from segmentloom_sync.audiences.explain import Explainer, Judged
from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.cli.explain_report import print_explanation
from segmentloom_sync.identity.find_profile import Found
from tests.audience_tables import fill, open_warehouse
from tests.oracles.audiences import Event, span
from tests.oracles.figures import events_behind, file_leaves, is_held_out
from tests.unit.audiences.random_audiences import PROJECT, Stage, stage

AUDIENCES = 12
PROFILES = 3
SEQUENCES = 25


@pytest.fixture(params=[1, 4])
def world(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A random world."""
    yield from stage(request.param)


def test_conditions_and_their_events_are_as_python_has_them(world: Stage) -> None:
    seen = {"true": 0, "false": 0, "events": 0}
    for _ in range(AUDIENCES):
        file, outranked_by = world.random_audience()
        audience = world.audience(file, outranked_by)
        for profile in world.generator.pick.sample(sorted(world.world.traits), PROFILES):
            explainer = Explainer(PROJECT, world.warehouse, world.others, world.world.as_of, Found(profile))
            explanation = explainer.explain(audience, {})
            context = f"{profile}: {json.dumps(file, default=str)}"
            assert explanation.member == (profile in world.world.members(file, "own", outranked_by)), context
            leaves = file_leaves(file)
            judged, further = explanation.conditions[: len(leaves)], explanation.conditions[len(leaves) :]
            for leaf, one in zip(leaves, judged, strict=True):
                assert one.holds == (profile in world.world.holding(leaf, file["time_zone"])), context
                _check_events(world, leaf, profile, file["time_zone"], one, seen)
                seen["true" if one.holds else "false"] += 1
            _check_further(world, file, outranked_by, profile, further)
    assert min(seen.values()) > 0, seen


def test_a_sequence_that_holds_comes_with_a_chain(world: Stage) -> None:
    chains = 0
    for _ in range(SEQUENCES):
        leaf = world.generator.sequence()
        file = {"match": leaf, "time_zone": "Europe/Berlin"}
        for profile in sorted(world.world.holding(leaf, "Europe/Berlin"))[:1]:
            explainer = Explainer(PROJECT, world.warehouse, world.others, world.world.as_of, Found(profile))
            [judged] = explainer.explain(world.audience(file, ()), {}).conditions
            _check_events(world, leaf, profile, "Europe/Berlin", judged, {"events": 0})
            chains += 1
    assert chains > 1


def test_a_long_chain_is_not_taken_for_a_short_one() -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)

    def events(*hours: int) -> FoundEvents:
        found = [FoundEvent("app", f"e{hour}", "x", at + timedelta(hours=hour), {}) for hour in hours]
        return FoundEvents(len(found), tuple(reversed(found)))

    def made(within: int | None) -> list[str]:
        return [event.event_id for event in chain(steps, within) or ()]

    steps = [events(0, 10, 40), events(10, 12, 39), events(11, 30)]
    assert made(None) == ["e10", "e12", "e30"]
    assert made(19) == made(11) == ["e0", "e10", "e11"]
    assert made(10) == []
    assert chain([events(5), events(5)], None) is None


def test_a_long_condition_is_whole_in_a_pipe_and_wrapped_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, warehouse = open_warehouse()
    fill(connection, {"p1": {}})
    values = [f"a value of {number} letters and more" for number in range(12)]
    model = AudienceFile.model_validate({"match": {"all": [{"trait": "plan", "in": values}]}})
    audience = Audience("own", "audiences/own.yml", model)
    explanation = Explainer(PROJECT, warehouse, {}, datetime.now(UTC), Found("p1")).explain(audience, {})
    connection.close()
    print_explanation(explanation)
    assert f"trait plan in {json.dumps(values)}\n" in capsys.readouterr().out
    monkeypatch.setattr(terminal, "stdout", lambda: Console(width=60, highlight=False, soft_wrap=True))
    print_explanation(explanation)
    printed = capsys.readouterr().out
    lines = [line for line in printed.splitlines() if "letters" in line]
    assert len(lines) > 5
    assert max(map(len, lines)) <= 60
    assert printed.count("letters") == len(values)


def test_what_was_counted_is_shown() -> None:
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    bought = [
        Event("p1", "Bought", at - timedelta(days=days), {"total": total, "name": "x"}, "app", f"e{days}")
        for days, total in ((1, 10), (2, "2.5"), (2.25, None), (9, 100))
    ]
    connection, warehouse = open_warehouse()
    fill(connection, {"p1": {}, "p2": {}}, [*bought, *(replace(one, profile_id="p2") for one in bought)])
    found = {}
    for way in (
        {"sum": {"property": "total", "gt": 1}},
        {"avg": {"property": "total", "gt": 1}},
        {"min": {"property": "total", "gt": 1}},
        {"max": {"property": "nope", "gt": 1}},
        {"distinct_days": ">= 2"},
        {"count": "= 0"},
    ):
        model = AudienceFile.model_validate({"match": {"event": "Bought", "within": "7 days", **way}})
        audience = Audience("own", "audiences/own.yml", model)
        [judged] = Explainer(PROJECT, warehouse, {}, at, Found("p1")).explain(audience, {}).conditions
        found[next(iter(way))] = judged.evidence
        assert judged.evidence["count"] == 3
    connection.close()
    assert [found[name].get("value") for name in ("sum", "avg", "min", "max", "distinct_days", "count")] == [
        12.5, 6.25, 2.5, None, 2, None,
    ]  # fmt: skip
    assert [event["properties"] for event in found["sum"]["events"]] == [{"total": 10}, {"total": "2.5"}, {}]


def _check_further(
    world: Stage,
    file: Mapping[str, Any],
    outranked_by: tuple[str, ...],
    profile: str,
    further: tuple[Judged, ...],
) -> None:
    expected = []
    if "holdout" in file:
        expected.append(("holdout", is_held_out(file, profile)))
    if outranked_by:
        before = [name for name in outranked_by if profile in world.world.audiences[name]]
        expected.append(("priority", bool(before)))
        assert further[-1].evidence == {"member_of": before[:1]}
    assert [(one.part, one.holds) for one in further] == expected


def _check_events(
    world: Stage, leaf: Mapping[str, Any], profile: str, zone: str, one: Judged, seen: dict[str, int]
) -> None:
    if "sequence" in leaf:
        window = {"within": leaf["within"]} if "within" in leaf else {}
        for step, found in zip(leaf["sequence"], one.evidence["steps"], strict=True):
            expected = events_behind(world.world, {**step, **window}, profile, zone)
            assert _shown(found) == (len(expected), _ids(expected))
        assert (one.evidence["chain"] is not None) == one.holds
        if one.holds:
            _check_chain(leaf, one.evidence["chain"])
    elif "event" in leaf:
        expected = events_behind(world.world, leaf, profile, zone)
        shown = _shown(one.evidence)
        if "occurrence" in leaf:
            named = events_behind(world.world, {"event": leaf["event"]}, profile, zone)
            assert shown == (len(named), _ids(expected))
        else:
            assert shown == (len(expected), _ids(expected))
        seen["events"] += len(expected)


def _check_chain(leaf: Mapping[str, Any], chain: list[dict[str, Any]]) -> None:
    assert [event["event"] for event in chain] == [step["event"] for step in leaf["sequence"]]
    times = [event["occurred_at"] for event in chain]
    assert all(before < after for before, after in pairwise(times))
    if "steps_within" in leaf:
        assert times[-1] - times[0] <= span(leaf["steps_within"])


def _shown(evidence: Mapping[str, Any]) -> tuple[int, list[tuple[str, str]]]:
    return evidence["count"], [(event["source_id"], event["event_id"]) for event in evidence["events"]]


def _ids(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.source_id, event.event_id) for event in events[:MOST_EVENTS]]
