"""Paths through a profile's links: the shortest, whatever the order of rows."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from segmentloom_sync.identity.graph import Graph, far_end
from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.identity.links import Link

START = datetime(2026, 7, 1, tzinfo=UTC)


def user(number: int) -> Identifier:
    return Identifier("user_id", f"{number:05}")


def link(one: int, other: int, hours: int = 0) -> Link:
    return Link(user(one), user(other), START + timedelta(hours=hours), "shop", f"e{hours}", "same_event")


def test_a_path_is_walked_from_its_start() -> None:
    links = [link(1, 2), link(3, 2), link(3, 4)]
    assert Graph(links).path(user(1), user(4)) == links
    assert Graph(links).path(user(4), user(1)) == links[::-1]
    assert Graph(links).path(user(1), user(1)) == []
    assert Graph(links).path(user(1), user(9)) is None


def test_a_path_without_a_link_goes_another_way() -> None:
    round_trip = [link(1, 2), link(2, 3), link(1, 3)]
    assert Graph(round_trip).path(user(1), user(2)) == [round_trip[0]]
    assert Graph(round_trip).without(round_trip[0]).path(user(1), user(2)) == [round_trip[2], round_trip[1]]
    assert Graph(round_trip[:2]).without(round_trip[0]).path(user(1), user(2)) is None


def test_a_path_of_ten_thousand_links_is_no_burden() -> None:
    links = [link(number, number + 1) for number in range(10_000)]
    random.Random(7).shuffle(links)
    path = Graph(links).path(user(0), user(10_000))
    assert path is not None
    assert len(path) == 10_000


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40),
    st.integers(0, 12),
    st.randoms(use_true_random=False),
)
def test_steps_are_shortest_and_do_not_depend_on_the_order(
    pairs: list[tuple[int, int]], start: int, chance: random.Random
) -> None:
    links = [link(one, other, hours) for hours, (one, other) in enumerate(pairs)]
    steps = Graph(links).steps(user(start))
    shuffled = chance.sample(links, len(links))
    assert Graph(shuffled).steps(user(start)) == steps
    for each in links:
        assert (each.identifier in steps) == (each.other in steps)
        if each.identifier in steps:
            assert abs(steps[each.identifier].distance - steps[each.other].distance) <= 1
    for end, step in steps.items():
        if step.link is not None:
            assert steps[far_end(step.link, end)].distance == step.distance - 1
