"""dbt killed at each statement of `S.events`: the former events stay readable, and the next run is right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.incremental_events import IncrementalEvents, delivery
from tests.killable_dbt import Run

pytestmark = pytest.mark.slow

STATE = "select * exclude (batch) from events order by source_id, event_id"
ACCOUNT = (
    "from events order by source_id, event_id",
    "select consumer, batch, rules, watermark, generation = '' from latest_progress order by 1",
    "from int_segmentloom__loads order by 1",
    "from int_segmentloom__retractions order by 1, 2",
)


def _account(events: IncrementalEvents) -> list[list[tuple[Any, ...]]]:
    return [events.rows(sql) for sql in ACCOUNT]


def _killed(events: IncrementalEvents, run: Run, *arguments: str) -> Iterator[str]:
    """Do the run again, killed before each statement of the model that changes something, and after all."""
    own = [number for number, one in enumerate(run.statements) if one.node.endswith("segmentloom__events")]
    changing = [number for number in own if run.statements[number].writes or _commits(run, number)]
    for number in [*changing, own[-1] + 1]:
        events.reset(events.kept("before"))
        yield events.build_killed(number, *arguments).statements[-1].sql


def _commits(run: Run, number: int) -> bool:
    return run.statements[number].sql.startswith("commit")


def test_an_increment_that_is_killed_has_happened_or_not(events: IncrementalEvents) -> None:
    events.land(delivery("a", "load2", 0, "earlier", user_id="u2"), delivery("c", "load2", 0))
    former = _account(events)
    events.keep("before")
    run = events.build()
    after = _account(events)
    assert events.names == {"a": "earlier", "b": "first", "c": "first"}

    left = []
    for statement in _killed(events, run):
        now = _account(events)
        assert now in (former, after), f"killed before {statement}"
        left.append((statement, now == former))
        events.build()
        assert _account(events) == after, f"killed before {statement}"

    commit = [number for number, (statement, _) in enumerate(left) if statement.startswith("commit")]
    assert [number for number, (_, is_former) in enumerate(left) if is_former] == list(range(commit[0] + 1))
    assert len(left) > commit[0] + 1


def test_a_full_refresh_that_is_killed_is_begun_again(events: IncrementalEvents) -> None:
    events.land(delivery("a", "load2", 0, "earlier", user_id="u2"), delivery("c", "load2", 0))
    events.build()
    former = events.rows(STATE)
    events.keep("before")
    run = events.build("--full-refresh")
    after = _account(events)
    assert events.rows(STATE) == former

    begun_again = 0
    for statement in _killed(events, run, "--full-refresh"):
        assert events.rows(STATE) == former, f"killed before {statement}"
        output = events.build().output
        if "the last time that did not come to its end" in output:
            begun_again += 1
            assert _account(events) == after, f"killed before {statement}"
        assert events.rows(STATE) == former, f"killed before {statement}"
    assert begun_again > 5
