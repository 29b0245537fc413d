"""What is said of a guard against a link: the numbers are true, and so is which link counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from segmentloom_sync.cli.refusal_lines import refusal_line
from segmentloom_sync.identity.find_profile import profile_of
from segmentloom_sync.identity.identifier import parse_identifier
from segmentloom_sync.identity.links import link_between
from segmentloom_sync.identity.refusals import count_refused, refusals
from tests.identity_tables import Town

INFO, TABLET = "email:info@firm.example.com", "anonymous_id:tablet"


@pytest.fixture
def town() -> Iterator[Town]:
    """An address of seven accounts with a device each, and a tablet on which Cat was before Dan and Eve."""
    town = Town.open()
    for number in range(7):
        town.link(f"user_id:s{number}", INFO, refused_by="shared_email")
        town.link(INFO, f"anonymous_id:s{number}", refused_by="shared_email")
    town.link("user_id:cat", TABLET)
    for other in ("user_id:dan", "user_id:eve"):
        town.link(other, TABLET, refused_by="later_link", counts=(3, 1))
    town.build()
    yield town
    town.connection.close()


def lines(town: Town, one: str, other: str) -> list[str]:
    link = link_between(town.warehouse, parse_identifier(one), parse_identifier(other))
    assert link is not None
    return [refusal_line(refusal) for refusal in refusals(town.warehouse, link)]


def unmerge(town: Town, user: str) -> None:
    town.connection.execute(
        "insert into identity_overrides values"
        " ($1, '2026-07-02', 'unmerge', 'user_id', $1, 'anonymous_id', 'tablet', 'x', 'jo', null, null)",
        [user],
    )


def test_of_a_shared_address_no_link_counts(town: Town) -> None:
    told = [
        f"refused by shared_email: {INFO} is linked to 7 user ids, the limit is 5: "
        "none of its 14 links counts"
    ]
    assert lines(town, "user_id:s1", INFO) == told
    assert lines(town, INFO, "anonymous_id:s1") == told


def test_of_a_device_the_earliest_link_counts(town: Town) -> None:
    told = f"refused by later_link: {TABLET} is linked to 3 user ids, only the earliest can count"
    assert lines(town, "user_id:dan", TABLET) == [f"{told}: that to user_id:cat"]
    unmerge(town, "dan")
    assert lines(town, "user_id:eve", TABLET) == [f"{told}: that to user_id:cat"]


def test_a_place_that_was_unmerged_goes_to_nobody(town: Town) -> None:
    unmerge(town, "cat")
    assert lines(town, "user_id:dan", TABLET) == [
        f"refused by later_link: {TABLET} is linked to 3 user ids, only the earliest can count: "
        "that to user_id:cat was unmerged, so none counts"
    ]


def test_an_earliest_link_that_another_guard_refuses_gives_its_place_to_nobody() -> None:
    town = Town.open()
    town.link(INFO, TABLET, refused_by="shared_email")
    town.link("email:eve@example.com", TABLET, refused_by="later_link", counts=(2, 1))
    town.build()
    assert lines(town, "email:eve@example.com", TABLET) == [
        f"refused by later_link: {TABLET} is linked to 2 e-mails, only the earliest can count: "
        f"that to {INFO} is refused by a guard as well, so none counts"
    ]


@pytest.mark.parametrize(
    ("identifier", "counts"),
    [(INFO, (14, 0)), ("user_id:s1", (1, 0)), ("user_id:cat", (0, 2)), ("user_id:dan", (0, 1))],
)
def test_refused_links_are_counted_from_either_end(
    town: Town, identifier: str, counts: tuple[int, int]
) -> None:
    profile_id = profile_of(town.warehouse, parse_identifier(identifier))
    assert profile_id is not None
    assert count_refused(town.warehouse, profile_id) == {
        "shared_email": counts[0],
        "kiosk": 0,
        "later_link": counts[1],
    }
