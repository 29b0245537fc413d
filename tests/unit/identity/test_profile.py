"""What is known of a profile: identifiers by distance, traits with their events, lists, history."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta

import jinja2
import pytest

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity import graph
from segmentloom_sync.identity.explain_path import explain_path
from segmentloom_sync.identity.find_profile import find_profile
from segmentloom_sync.identity.identifier import parse_identifier
from segmentloom_sync.identity.profile import Profile, read_profile
from segmentloom_sync.identity.profile_attributes import LATEST_FIRST
from segmentloom_sync.sync.tables import ensure_tables
from tests.identity_tables import START, Town, profile_id
from tests.workspace import REPOSITORY

ANN, ADDRESS, PHONE, LAPTOP = "user_id:ann", "email:ann@x.org", "anonymous_id:phone", "anonymous_id:laptop"


@pytest.fixture
def town() -> Iterator[Town]:
    """Ann on two devices; Bob, whom a guard keeps from her address."""
    town = Town.open()
    town.see(ANN)
    town.link(ANN, ADDRESS)
    town.link(ADDRESS, PHONE)
    town.link(ANN, LAPTOP)
    town.link("user_id:bob", ADDRESS, refused_by="shared_email")
    town.build()
    yield town
    town.connection.close()


def read(town: Town, identifier: str = ANN, limit: int = 500) -> Profile:
    return read_profile(town.warehouse, find_profile(town.warehouse, identifier), limit)


def test_the_latest_of_an_attribute_is_that_of_the_models() -> None:
    file = REPOSITORY / "macros" / "identity" / "latest_attributes.sql"
    macros = vars(jinja2.Environment(autoescape=True).from_string(file.read_text()).module)
    assert macros["attribute_order"]().split() == LATEST_FIRST.split()


@pytest.mark.parametrize("text", [ANN, PHONE, "email: ANN@x.org", profile_id(ANN), profile_id(ANN).upper()])
def test_any_identifier_and_the_id_find_the_profile(town: Town, text: str) -> None:
    assert find_profile(town.warehouse, text).profile_id == profile_id(ANN)


def test_a_former_id_leads_to_the_present_one(town: Town) -> None:
    found = find_profile(town.warehouse, profile_id(PHONE))
    assert (found.profile_id, found.former_id) == (profile_id(ANN), profile_id(PHONE))


@pytest.mark.parametrize("text", ["user_id:secret", "0" * 32])
def test_what_is_not_known_is_exit_2_and_not_repeated(town: Town, text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        find_profile(town.warehouse, text)
    assert refused.value.hint
    assert "secret" not in refused.value.message + refused.value.hint


def test_identifiers_come_with_the_link_by_which_they_hang_on_the_oldest(town: Town) -> None:
    found = read(town)
    assert str(found.oldest) == ANN
    assert found.identifier_count == 4
    assert [
        (str(member.identifier), member.step.distance if member.step else None)
        for member in found.identifiers
    ] == [(ANN, 0), (ADDRESS, 1), (LAPTOP, 1), (PHONE, 2)]
    document = found.document()
    assert document["identifiers"][0]["link"] is None
    assert document["identifiers"][3]["link"]["identifier"] == {"type": "email", "value": "ann@x.org"}
    assert document["identifiers"][3]["link"]["event_id"] == "e3"
    assert document["notes"] == []


def test_of_many_identifiers_those_with_most_events_are_shown(town: Town) -> None:
    town.connection.execute(
        "update int_segmentloom__identity_map set event_count = 9"
        " where identifier_value in ('phone', 'laptop')"
    )
    found = read(town, limit=2)
    assert [str(member.identifier) for member in found.identifiers] == [LAPTOP, PHONE]
    assert found.identifier_count == 4
    assert found.notes == ("2 of 4 identifiers, those with most events; more: --limit 4",)


def test_links_beyond_the_bound_are_not_followed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MOST_LINKS", 1)
    found = read(town)
    assert [member.step is None for member in found.identifiers] == [False, False, True, True]
    assert "only the earliest" in found.notes[0]


def test_a_link_that_was_suppressed_since_the_build_is_noted(town: Town) -> None:
    town.connection.execute(
        "insert into identity_overrides values"
        " ('1', '2026-07-02', 'unmerge', 'user_id', 'ann', 'email', 'ann@x.org', 'x', 'jo', null, null)"
    )
    assert read(town).notes == ("some identifiers are not linked any more; the next build splits them off",)


def test_traits_are_the_latest_of_all_owners_with_their_event(town: Town) -> None:
    town.trait(ANN, "plan", '"free"')
    town.trait(PHONE, "plan", '"growth"')
    town.trait(ANN, "seats", "7")
    town.trait(ANN, "gone", '"x"')
    town.trait(ANN, "gone", "null")
    town.trait("user_id:bob", "plan", '"other"')
    town.trait(ANN, "ad_user_data", "granted", kind="consent")
    document = read(town).document()
    assert document["traits"] == {"plan": "growth", "seats": 7}
    assert document["trait_events"]["plan"] == {
        "source_id": "shop",
        "event_id": "e7",
        "occurred_at": START + timedelta(hours=7),
    }
    assert document["consents"] == {"ad_user_data": "granted", "ad_personalization": None}
    assert document["consent_events"]["ad_user_data"]["event_id"] == "e12"


def test_audiences_and_lists_are_those_of_the_profile(town: Town) -> None:
    assert (read(town).audiences, read(town).destinations) == ((), ())
    own, former = (hashlib.sha256(text).hexdigest() for text in (b"ann@x.org", b"old@x.org"))
    ensure_tables(town.warehouse)
    town.connection.execute(
        """
        create table audience_membership as
        select unnest(['buyers', 'others']) as audience, unnest([$1, 'p2']) as profile_id,
            timestamp '2026-07-03' as entered_at;
        """,
        [profile_id(ANN)],
    )
    town.connection.execute(
        """
        create table hashed_identifiers as
        select unnest(['google', 'meta', 'meta']) as hash_rule, unnest([$1, $1, 'p2']) as profile_id,
            'email' as identifier_type, unnest([$2, $2, 'bb']) as identifier;
        """,
        [profile_id(ANN), own],
    )
    town.connection.execute(
        """
        insert into segmentloom_sync.ledger
            (destination, list_name, audience, identifier_type, identifier, state, may_hold, updated_at,
            member_key)
        select 'meta', 'Buyers', 'buyers', 'email', unnest([$2, 'bb', $3]),
            unnest(['accepted', 'accepted', 'removing']), true, timestamp '2026-07-04', $1
        """,
        [profile_id(ANN), own, former],
    )
    document = read(town).document()
    assert [entry["audience"] for entry in document["audiences"]] == ["buyers"]
    assert [(entry["identifier_type"], entry["state"]) for entry in document["destinations"]] == [
        ("email", "accepted"),
        ("email", "removing"),
    ]
    printed = json.dumps(document, default=str)
    assert own not in printed
    assert former not in printed


def test_the_history_is_also_that_of_what_was_absorbed(town: Town) -> None:
    kinds = {
        (merge.kind, merge.surviving_profile_id, merge.absorbed_profile_id) for merge in read(town).merges
    }
    assert kinds == {("merge", profile_id(ANN), profile_id(end)) for end in (ADDRESS, PHONE, LAPTOP)}


def test_a_path_is_explained(town: Town) -> None:
    answer = explain_path(town.warehouse, find_profile(town.warehouse, PHONE), parse_identifier(LAPTOP))
    assert answer.path is not None
    assert [link.event_id for link in answer.path] == ["e3", "e2", "e4"]
    from_id = explain_path(
        town.warehouse, find_profile(town.warehouse, profile_id(ANN)), parse_identifier(PHONE)
    )
    assert str(from_id.start) == ANN


def test_where_no_path_leads_the_unmerge_in_between_is_named(town: Town) -> None:
    town.connection.execute(
        "insert into identity_overrides values"
        " ('1', '2026-07-02', 'unmerge', 'user_id', 'ann', 'email', 'ann@x.org', 'no', 'jo', null, null)"
    )
    town.build("run-2")
    # People name the ends in either order.
    town.connection.execute(
        "update identity_overrides set identifier_type = other_type, identifier_value = other_value,"
        " other_type = identifier_type, other_value = identifier_value"
    )
    found = find_profile(town.warehouse, PHONE)
    [unmerged] = explain_path(town.warehouse, found, parse_identifier(LAPTOP)).document()["unmerged_links"]
    assert unmerged["link"]["event_id"] == "e2"
    assert (unmerged["decision"]["requested_by"], unmerged["decision"]["reason"]) == ("jo", "no")
    for start, end in ((PHONE, ADDRESS), (LAPTOP, "user_id:bob"), (ADDRESS, "user_id:bob")):
        answer = explain_path(town.warehouse, find_profile(town.warehouse, start), parse_identifier(end))
        assert answer.unmerged == ()
    town.connection.execute(
        "insert into identity_overrides"
        " select '2', '2026-07-03', 'remerge', * exclude (override_id, decided_at, action)"
        " from identity_overrides"
    )
    assert explain_path(town.warehouse, found, parse_identifier(LAPTOP)).unmerged == ()


def test_where_no_path_leads_the_guard_is_named(town: Town) -> None:
    document = explain_path(
        town.warehouse, find_profile(town.warehouse, "user_id:bob"), parse_identifier(ADDRESS)
    ).document()
    assert document["path"] is None
    assert document["other_profile_id"] == profile_id(ANN)
    assert document["direct_link"]["event_id"] == "e5"
    assert document["refused_by"] == [
        {
            "rule": "shared_email",
            "identifier": {"type": "email", "value": "ann@x.org"},
            "link_count": 7,
            "limit": 5,
            "refused": 1,
            "earliest": None,
        }
    ]
    with pytest.raises(ConfigError, match="has the user_id of --path"):
        explain_path(town.warehouse, find_profile(town.warehouse, ANN), parse_identifier("user_id:nobody"))
