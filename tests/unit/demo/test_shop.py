"""The shop against an independent reading of its files: plain Python that knows nothing of the shop."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.demo.people import Why
from segmentloom_sync.demo.shop import Shop, new_address
from segmentloom_sync.demo.truth import Group, Truth, compare

END = datetime(2026, 11, 24, tzinfo=UTC)
ZEROS = "00000000-0000-0000-0000-000000000000"


def lines(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt") as file:
            yield from file


def event_of(line: str) -> dict[str, Any] | None:
    try:
        raw = json.loads(line)
    except ValueError:
        return None
    event = {
        "id": raw.get("message_id") or raw.get("messageId"),
        "type": raw.get("type"),
        "at": raw.get("timestamp"),
        "user_id": raw.get("user_id") or raw.get("userId"),
        "anonymous_id": raw.get("anonymous_id") or raw.get("anonymousId"),
        "previous_id": raw.get("previous_id") or raw.get("previousId"),
        "email": raw.get("traits", {}).get("email"),
    }
    is_whole = (
        event["at"] is not None and event["at"].endswith("Z") and (event["user_id"] or event["anonymous_id"])
    )
    return event if is_whole else None


def identities(paths: Iterable[Path]) -> list[tuple[str, str, str]]:
    """Connected components under guards a, b and c, by the shortest code that could be right."""
    events = {e["id"]: e for e in map(event_of, lines(paths)) if e and e["anonymous_id"] != ZEROS}
    links: dict[tuple[tuple[str, str], tuple[str, str]], str] = {}
    nodes: set[tuple[str, str]] = set()
    for event in sorted(events.values(), key=lambda e: (e["at"], e["id"])):
        found = [(kind, event[kind]) for kind in ("user_id", "email", "anonymous_id") if event[kind]]
        if event["type"] == "alias":
            found.append(("user_id", event["previous_id"]))
        nodes.update(found)
        for i, one in enumerate(found):
            for other in found[i + 1 :]:
                links.setdefault((one, other), event["at"])
    users: dict[tuple[str, str], set[str]] = defaultdict(set)
    first: dict[tuple[tuple[str, str], str], tuple[str, str]] = {}
    for one, other in links:
        if one[0] == "user_id":
            users[other].add(one[1])
        first.setdefault((other, one[0]), one)
    parent = {node: node for node in nodes}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while parent[node] != node:
            node = parent[node]
        return node

    for one, other in links:
        shared = any(kind == "email" and len(users[kind, value]) > 5 for kind, value in (one, other))
        kiosk = other[0] == "anonymous_id" and len(users[other]) > 10
        second = other[0] == "anonymous_id" and first[other, one[0]] != one
        if not (shared or kiosk or second):
            parent[root(one)] = root(other)
    return [(*node, ":".join(root(node))) for node in nodes]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, list[Path]]:
    shop = Shop(seed=3, end=END, persons=600, events=12_000)
    return shop, shop.write_history(tmp_path_factory.mktemp("history"))


def test_the_truth_of_the_history_is_what_an_independent_reading_finds(shop: tuple[Shop, list[Path]]) -> None:
    fresh = Shop(seed=3, end=END, persons=600, events=12_000)
    agreement = compare(fresh.truth, identities(shop[1]))
    assert agreement.unexplained == 0
    assert agreement.profiles_found == agreement.profiles_expected
    assert agreement.persons + sum(count for count, _ in agreement.differences) == agreement.profiles_found


def test_the_truth_of_the_day_after_is_what_an_independent_reading_finds(tmp_path: Path) -> None:
    shop = Shop(seed=5, end=END, persons=400, events=8_000)
    paths = shop.write_history(tmp_path / "history")
    more, day = shop.write_day_after(tmp_path / "day")
    agreement = compare(shop.truth, identities(paths + more))
    assert agreement.unexplained == 0
    assert agreement.persons == 400 + day.new_customers
    text = "".join(lines(more))
    assert new_address(day.changed_address.accounts[0]) in text
    assert '"gpc":true' in text


def test_the_shop_has_every_difficulty_it_promises(shop: tuple[Shop, list[Path]]) -> None:
    fresh = Shop(seed=3, end=END, persons=600, events=12_000)
    assert {group.why for group in fresh.truth.groups} == set(Why)
    assert fresh.truth.couples > 0
    assert fresh.truth.family_devices > 0


def test_the_counts_are_what_the_files_hold(tmp_path: Path) -> None:
    shop = Shop(seed=4, end=END, persons=200, events=4_000)
    paths = shop.write_history(tmp_path)
    found = list(lines(paths))
    events = [event for event in map(event_of, found) if event]
    assert shop.counts.lines == len(found)
    assert shop.counts.events == len({event["id"] for event in events})
    assert shop.counts.duplicates == len(events) - shop.counts.events > 0
    assert shop.counts.late > 0
    assert 3_400 < shop.counts.events < 4_600


def test_the_same_seed_gives_the_same_files_and_another_seed_does_not(tmp_path: Path) -> None:
    def content(seed: int, folder: str) -> list[str]:
        shop = Shop(seed=seed, end=END, persons=150, events=1_500)
        paths = shop.write_history(tmp_path / folder)
        more, _ = shop.write_day_after(tmp_path / folder / "day")
        return list(lines(paths + more))

    assert content(1, "a") == content(1, "b")
    assert content(1, "c") != content(2, "d")


def test_nothing_happens_outside_the_period(shop: tuple[Shop, list[Path]]) -> None:
    times = [event["at"] for event in map(event_of, lines(shop[1])) if event]
    assert min(times) >= "2026-08-26"
    assert max(times) < "2026-11-24"


def test_a_shop_too_small_for_its_difficulties_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 100"):
        Shop(end=END, persons=10, events=100)


def test_a_split_a_merge_and_a_stranger_are_told() -> None:
    one = Group(Why.PERSON, {1}, {("user_id", "u1"), ("email", "e1")})
    other = Group(Why.PERSON, {2}, {("user_id", "u2")})
    truth = Truth(2, [one, other], 0, 0)
    right = [("user_id", "u1", "p1"), ("email", "e1", "p1"), ("user_id", "u2", "p2")]
    assert compare(truth, right).unexplained == 0
    split = compare(truth, [("user_id", "u1", "p1"), ("email", "e1", "p3"), ("user_id", "u2", "p2")])
    assert (split.unexplained, split.split, split.merged) == (1, 1, 0)
    merged = compare(truth, [(kind, value, "p1") for kind, value, _ in right])
    assert (merged.unexplained, merged.split, merged.merged) == (2, 0, 1)
    assert compare(truth, [*right, ("user_id", "u9", "p9")]).unexplained == 1
    assert compare(truth, right[:2]).unexplained == 1
