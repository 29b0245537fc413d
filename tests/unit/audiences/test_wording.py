"""The text of a definition says all that the file says, whatever the way in which it is written."""

from __future__ import annotations

import pytest

from segmentloom_sync.audiences.library import Audience, parse
from segmentloom_sync.audiences.wording import definition_text

FULL = """
description: Whom Ann looks after
cadence: hourly
match:
  all:
    - event: Bought
      count: ">=2"
      within: 168 hours
      where: [{property: [order, "a.b"], is: "5"}, {property: at, gte: 2026-07-01}]
    - {trait: address.city, in: [Bonn, "5", 5, true, "yes"]}
    - {trait: seats, between: [1, 2.5]}
    - not: {any: [{audience: staff}, {event: Left, count: "= 0", within: 36 hours}]}
sync:
  - {destination: meta, list: "A: b", identifiers: [email]}
  - {destination: google_ads, list: B, identifiers: [email, phone]}
guard: {max_removal_percent: 30}
tests: {min_members: 5, includes: ["user_id:u_1"], disjoint_from: [staff]}
"""
TEXT = """\
cadence: hourly
match:
  all:
  - event: Bought
    count: '>= 2'
    within: 7 days
    where:
    - property: [order, a.b]
      is: '5'
    - {property: at, gte: 2026-07-01}
  - trait: address.city
    in: [Bonn, '5', 5, true, 'yes']
  - trait: seats
    between: [1, 2.5]
  - not:
      any:
      - {audience: staff}
      - {event: Left, count: = 0, within: 36 hours}
sync:
- {destination: meta, list: 'A: b'}
- destination: google_ads
  list: B
  identifiers: [email, phone]
tests:
  min_members: 5
  disjoint_from: [staff]"""


def audience(text: str) -> Audience:
    made, problems = parse(text.encode(), name="a", label="a.yml")
    assert problems == []
    assert made is not None
    return made


def test_it_says_what_the_file_says_in_its_words_without_defaults_and_personal_data() -> None:
    assert definition_text(audience(FULL).file) == TEXT


def test_another_way_to_write_the_same_is_the_same_text() -> None:
    other = FULL.replace("168 hours", "7 days").replace('">=2"', '">= 2"')
    other = other.replace("Whom Ann looks after", "Whom Bob looks after").replace("u_1", "u_2")
    assert definition_text(audience(other).file) == TEXT


def test_another_meaning_is_another_text() -> None:
    for was, now in (
        ("7", "8"),
        ("2.5", "2"),
        ("[email, phone]", "[phone]"),
        ("hourly", "daily"),
        ("'5'", "5"),
    ):
        changed = FULL.replace("168 hours", "7 days").replace('"5"', "'5'").replace(was, now, 1)
        assert definition_text(audience(changed).file) != TEXT, was


@pytest.mark.parametrize(
    "text",
    [
        "match: {trait: a, is: 1}",
        "match: {event: x}",
        "match: {event: 'a: {b} # c', where: [{property: p, contains: '- x'}]}",
        "match: {trait: [a.b, c], exists: false}",
        "match: {trait: a, in: ['true', 'null', '2026-07-01', '~', '0x1F', '']}",
        "match: {event: x, sum: {property: a.b, gt: 5.5}, within: 7 calendar days}",
        "match: {event: x, distinct_days: '>= 3', within: 12 hours}",
        "match: {event: x, occurrence: first, within: 48 hours}",
        "match: {event: x, max: {property: at, lt: 2026-07-01}}",
        "match: {sequence: [{event: x}, {event: y}], within: 30 days, steps_within: 3 hours}",
        "match: {trait: a, lt: 2026-07-01T10:00:00.5Z}",
        "match: {trait: a, between: [2026-07-01, 2026-07-01 12:00 +02:00]}",
        "match: {event: 'Café ☕ 🎉'}",
    ],
)
def test_what_it_says_can_be_read_back(text: str) -> None:
    made = audience(text)
    assert audience(definition_text(made.file)).file == made.file


def test_who_is_left_out_is_part_of_it() -> None:
    text = """
match: {event: x}
exclude: {audience: staff}
holdout: {percent: 10, group: spring}
priority: {group: lifecycle, rank: 1}
time_zone: Europe/Berlin
"""
    made = audience(text)
    assert audience(definition_text(made.file)).file == made.file
