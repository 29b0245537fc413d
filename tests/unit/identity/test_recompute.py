"""Guards, components and causes in plain Python, against the oracle that the models are held against."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.check_sample import compare, limits_of
from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.identity.recompute import Limits, Pair, Shown, pair_of, refusals, stitched
from segmentloom_sync.identity.sample_expected import Key, Values
from tests.oracles.events import Delivery
from tests.oracles.identity import Conflict, Identity, Rules, refused, stitch
from tests.oracles.merges import merge_causes

LIMITS = Limits(users_per_email=2, users_per_device=2, identifiers_per_profile=4)
RULES = Rules(users_per_email=2, users_per_device=2, identifiers_per_profile=4)
START = datetime(2026, 3, 1, tzinfo=UTC)


def world(seed: int) -> list[Delivery]:
    """Events of few people on few devices, many at the same time."""
    random = Random(seed)

    def one_of(prefix: str, count: int) -> str | None:
        return f"{prefix}{random.randrange(count)}" if random.random() < 0.6 else None

    return [
        Delivery(
            source_id="shop",
            event_id=f"e{number:02}",
            type=random.choice(["track", "alias"]),
            event="Order Completed",
            occurred_at=START + timedelta(hours=random.randrange(6)),
            loaded_at=START,
            user_id=one_of("u", 6),
            email=one_of("m", 4),
            anonymous_id=one_of("d", 4),
            previous_id=one_of("u", 8),
        )
        for number in range(14)
    ]


def links_of(identity: Identity) -> dict[Pair, Shown]:
    return {
        pair_of(*(Identifier(*end) for end in link)): Shown(*order) for link, order in identity.links.items()
    }


@pytest.mark.parametrize("seed", range(200))
def test_it_agrees_with_the_oracle(seed: int) -> None:
    identity = stitch(world(seed), RULES)
    links = links_of(identity)
    seen = {Identifier(*end): sightings.first for end, sightings in identity.sightings.items()}
    found = refusals(links, seen, LIMITS)
    assert {
        Conflict(one.rule, one.carrier, one.other, row.link_count, row.link_limit, row.first_seen_at)
        for one, row in found.items()
    } == set(refused(identity.links, RULES))
    dropped = {pair_of(one.carrier, one.other) for one in found}
    placed = stitched(seen, {pair: shown for pair, shown in links.items() if pair not in dropped})
    assert {end: place.oldest for end, place in placed.items()} == {
        Identifier(*end): Identifier(*identity.profiles[profile_id].identifiers[0])
        for end, profile_id in identity.profile_of.items()
    }
    assert {place.cause for place in placed.values() if place.cause} == merge_causes(identity)
    assert all((place.cause is None) == (place.oldest == end) for end, place in placed.items())


def test_each_part_comes_to_an_older_one_by_its_own_cause() -> None:
    """The third is joined to the second first; both come to the first by the later link."""
    one, two, three = (Identifier("user_id", str(number)) for number in (1, 2, 3))
    times = {end: START + timedelta(hours=number) for number, end in enumerate((one, two, three))}
    early, late = (Shown(START + timedelta(days=day), "shop", "e") for day in (1, 2))
    placed = stitched(times, {(two, three): early, (one, three): late})
    assert {end: place.cause for end, place in placed.items()} == {
        one: None,
        two: (one, three),
        three: (two, three),
    }


def test_rows_are_held_against_those_that_should_be() -> None:
    should: dict[Key, Values] = {("a",): {"n": 1}, ("b",): {"n": 2}, ("c",): {"n": 3}}
    found = [(("a",), {"n": 1}), (("b",), {"n": 9}), (("b",), {"n": 2}), (("x",), {"n": 0})]
    result = compare("int_segmentloom__sightings", should, found)
    assert (result.rows, result.missing, result.extra, result.different) == (4, 1, 2, 1)
    assert result.columns == {"n": 1}
    assert {(entry["is"], entry["identifier"]) for entry in result.examples} == {
        ("different", "b"),
        ("extra", "b"),
        ("extra", "x"),
        ("missing", "c"),
    }


def test_limits_are_those_of_the_project() -> None:
    assert limits_of({}) == Limits(5, 10, 500)
    assert limits_of({"segmentloom_max_users_per_email": 0}) == Limits(0, 10, 500)
    for wrong in (True, -1, "3", None):
        with pytest.raises(ConfigError, match="var segmentloom_max_users_per_email is"):
            limits_of({"segmentloom_max_users_per_email": wrong})
