"""The oracle of identity itself: what must hold of it whatever the events are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.events import Delivery
from tests.oracles.identity import Identity, Link, Order, Rules, connected, profile_id_of, stitch
from tests.oracles.merge_log import changes
from tests.oracles.merges import Cause, merge_causes, redirects, written
from tests.oracles.messy_events import START

RULES = Rules(users_per_email=2, users_per_device=2, identifiers_per_profile=5)


@st.composite
def events(draw: st.DrawFn) -> list[Delivery]:
    """A few events that share a few identifiers."""
    told = draw(
        st.lists(
            st.builds(
                Delivery,
                source_id=st.sampled_from(["web", "server"]),
                event_id=st.just(""),
                type=st.sampled_from(["identify", "alias"]),
                occurred_at=st.integers(0, 4).map(lambda second: START + timedelta(seconds=second)),
                loaded_at=st.just(START),
                user_id=st.none() | st.sampled_from(["a", "b", "c", "d"]),
                anonymous_id=st.none() | st.sampled_from(["a", "x", "y"]),
                email=st.none() | st.sampled_from(["e@example.com", "f@example.com"]),
                previous_id=st.none() | st.sampled_from(["a", "b", "x", "z"]),
            ),
            max_size=12,
        )
    )
    return [replace(one, event_id=str(number)) for number, one in enumerate(told)]


@given(events(), st.randoms())
def test_the_order_of_events_changes_nothing(told: list[Delivery], random: Random) -> None:
    assert stitch(random.sample(told, len(told)), RULES) == stitch(told, RULES)


@given(events())
def test_a_cause_is_a_link_that_nothing_earlier_bridges(told: list[Delivery]) -> None:
    identity = stitch(told, RULES)
    causes = merge_causes(identity)
    for link in identity.kept:
        earlier = [one for one in identity.kept if _place(one, identity) < _place(link, identity)]
        one, other = link
        is_bridged = any({one, other} <= set(group) for group in connected(identity.sightings, earlier))
        assert is_bridged == (written(link) not in causes)


@given(events())
def test_the_causes_alone_make_the_same_profiles(told: list[Delivery]) -> None:
    identity = stitch(told, RULES)
    links = [frozenset(cause) for cause in merge_causes(identity)]
    groups = connected(identity.sightings, links)
    assert len(links) == len(identity.sightings) - len(groups)
    assert {frozenset(group) for group in groups} == {
        frozenset(profile.identifiers) for profile in identity.profiles.values()
    }
    assert redirects(identity).keys() | identity.profiles.keys() == set(
        map(profile_id_of, identity.sightings)
    )


@given(events(), st.data())
def test_suppressing_a_link_takes_apart_what_it_alone_held_and_nothing_else(
    told: list[Delivery], data: st.DataObject
) -> None:
    whole = stitch(told, RULES)
    links = sorted(whole.links, key=written)
    if not links:
        return
    link: Link = data.draw(st.sampled_from(links))
    cut = stitch(told, RULES, frozenset({link}))
    assert cut.links == whole.links
    assert cut.kept == {one: order for one, order in whole.kept.items() if one != link}
    splits = [change for change in changes(whole, cut) if change[0]]
    assert len(splits) <= 1
    if written(link) not in merge_causes(whole):
        assert cut.profile_of == whole.profile_of
    for _, survivor, absorbed in splits:
        assert survivor in cut.profiles
        assert redirects(whole)[absorbed] == survivor
        assert list(changes(cut, whole)) == [(False, survivor, absorbed)]


def _place(link: Link, identity: Identity) -> tuple[Order, Cause]:
    return identity.kept[link], written(link)
