"""Conditions in words say all that the file says of them."""

from __future__ import annotations

import pytest

from segmentloom_sync.audiences.describe import condition_text
from segmentloom_sync.audiences.library import parse


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (
            "{event: x, within: 48 hours, where: [{property: a.b, gt: 5}]}",
            'event "x" >= 1 within 2 days where a.b > 5',
        ),
        ("{event: x, count: '= 0', within: 1 calendar day}", 'event "x" = 0 within 1 calendar day'),
        ("{event: x, distinct_days: '>= 3'}", 'event "x" on >= 3 distinct days'),
        (
            "{event: x, sum: {property: total, between: [5, 9]}, within: 1 hour}",
            'event "x" sum of total between 5 and 9 within 1 hour',
        ),
        (
            "{event: x, max: {property: at, lt: 2026-07-01}}",
            'event "x" max of at < 2026-07-01T00:00:00Z',
        ),
        ("{event: x, occurrence: first, within: 7 days}", 'first event "x" within 7 days'),
        (
            "{sequence: [{event: x}, {event: y, where: [{property: a, is: b}]}], within: 7 days, "
            "steps_within: 36 hours}",
            'event "x" then event "y" where a is "b" within 7 days, steps within 36 hours',
        ),
        ("{trait: plan, is_not: free}", 'trait plan is not "free"'),
        ("{audience: staff}", "audience staff"),
    ],
)
def test_a_condition_reads_as_it_is_meant(condition: str, text: str) -> None:
    audience, problems = parse(
        f"match: {condition}\nexclude: {{any: [{condition}]}}".encode(), name="a", label="a"
    )
    assert audience is not None, problems
    assert [condition_text(steps, leaf) for steps, leaf in audience.file.leaves()] == [
        f"match: {text}",
        f"exclude.any[0]: {text}",
    ]
