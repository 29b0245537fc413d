"""Unmerge and remerge: what is recorded, what splits, and what is refused with nothing half-done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from segmentloom_sync.errors import ConfigError, DbtError, SegmentloomError
from segmentloom_sync.identity.change import Request, change_link
from segmentloom_sync.identity.decisions import Action, all_decisions
from segmentloom_sync.identity.merges import find_merge, list_merges
from segmentloom_sync.identity.outcome import Change
from segmentloom_sync.identity.pair import NoSuchLink
from tests.identity_tables import Town, profile_id

ANN, BOB, PHONE = "user_id:ann", "email:bob@example.com", "anonymous_id:phone"


@pytest.fixture
def town() -> Iterator[Town]:
    """Ann's user id, an address and a device in one profile; Cat by herself; an address of two, refused."""
    town = Town.open()
    town.see(ANN)
    town.link(ANN, BOB)
    town.link(BOB, PHONE)
    town.link("user_id:cat", "anonymous_id:cat")
    town.link("user_id:cat", BOB, refused_by="shared_email")
    town.build()
    yield town
    town.connection.close()


def change(
    town: Town, action: Action, first: str, second: str | None = None, *, build: str | None = "run-2"
) -> Change:
    request = Request.checked(action, first, second, reason=" two people ", by="jo")
    return change_link(
        request, lambda: nullcontext(town.warehouse), (lambda: town.build(build)) if build else None
    )


def decisions(town: Town) -> list[tuple[str, str | None]]:
    return [(entry.action, entry.applied_run_id) for entry in all_decisions(town.warehouse)]


def profile_ids(change: Change) -> list[str]:
    return [side.profile_id for side in change.profiles]


def test_an_unmerge_splits_and_a_remerge_restores(town: Town) -> None:
    split = change(town, "unmerge", BOB, ANN)
    assert split.effect == "split"
    assert profile_ids(split) == [profile_id(ANN), profile_id(BOB)]
    assert [side.came_back for side in split.profiles] == [False, True]
    assert [list(map(str, side.identifiers)) for side in split.profiles] == [[ANN], [BOB, PHONE]]
    assert [merge.kind for merge in split.merges] == ["split"]
    assert split.merges[0].reason == "two people"
    assert split.merges[0].requested_by == "jo"
    assert decisions(town) == [("unmerge", "run-2")]

    merged = change(town, "remerge", ANN, BOB, build="run-3")
    assert merged.effect == "merged"
    assert profile_ids(merged) == [profile_id(ANN)]
    assert merged.profiles[0].identifier_count == 3
    assert decisions(town) == [("unmerge", "run-2"), ("remerge", "run-3")]


def test_the_document_has_the_keys_that_others_rely_on(town: Town) -> None:
    document = change(town, "unmerge", ANN, BOB).document()
    assert document["action"] == "unmerge"
    assert document["effect"] == "split"
    assert document["reason_none"] is None
    assert document["link"]["identifier"] == {"type": "user_id", "value": "ann"}
    assert document["link"]["event_id"] == "e2"
    assert document["profiles"][1]["profile_id"] == profile_id(BOB)
    assert document["recorded"] is True


def test_a_merge_id_names_its_link(town: Town) -> None:
    change(town, "unmerge", ANN, BOB)
    [split] = list_merges(town.warehouse, limit=5, kind="split")
    merged = change(town, "remerge", split.merge_id.upper(), build="run-3")
    assert merged.effect == "merged"
    assert all_decisions(town.warehouse)[1].merge_id == split.merge_id
    assert find_merge(town.warehouse, split.merge_id) == split


def test_the_same_again_writes_nothing(town: Town) -> None:
    change(town, "unmerge", ANN, BOB)
    again = change(town, "unmerge", BOB, ANN, build="run-3")
    assert (again.effect, again.reason_none, again.is_recorded) == ("none", "already", False)
    assert decisions(town) == [("unmerge", "run-2")]


def test_a_remerge_of_what_was_never_unmerged_writes_nothing(town: Town) -> None:
    same = change(town, "remerge", ANN, BOB)
    assert (same.effect, same.reason_none, same.decision) == ("none", "already", None)
    assert decisions(town) == []


def change_in_part(town: Town, action: Action) -> Change:
    """Ask, have the build fail after the identity map, and ask again."""

    def fail() -> None:
        town.build("run-2", is_half=True)
        raise DbtError("dbt: model segmentloom__profiles failed")

    request = Request.checked(action, ANN, BOB, reason="two people", by="jo")
    with pytest.raises(DbtError):
        change_link(request, lambda: nullcontext(town.warehouse), fail)
    assert decisions(town)[-1] == (action, "run-2")
    waiting = change(town, action, ANN, BOB, build=None)
    assert (waiting.effect, waiting.reason_none) == ("none", "pending")
    return change(town, action, ANN, BOB, build="run-3")


def test_an_unmerge_that_was_built_in_part_is_built_to_its_end(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    again = change_in_part(town, "unmerge")
    assert "recorded earlier, built in part; building" in capsys.readouterr().err
    assert (again.effect, again.is_recorded, len(again.merges)) == ("split", False, 1)
    assert [side.came_back for side in again.profiles] == [False, True]
    built = town.warehouse.rows("select profile_id from profiles")
    assert {(one,) for one in profile_ids(again)} <= set(built)
    same = change(town, "unmerge", ANN, BOB, build="run-4")
    assert (same.effect, same.reason_none) == ("none", "already")
    assert town.builds == 3


def test_a_remerge_that_was_built_in_part_is_built_to_its_end(town: Town) -> None:
    change(town, "unmerge", ANN, BOB, build="run-1")
    again = change_in_part(town, "remerge")
    assert (again.effect, again.is_recorded, len(again.merges)) == ("merged", False, 1)
    assert profile_ids(again) == [profile_id(ANN)]


def test_a_link_that_a_guard_refuses_is_recorded_and_said(town: Town) -> None:
    refused = change(town, "unmerge", "user_id:cat", BOB)
    assert (refused.effect, refused.reason_none) == ("none", "refused")
    assert [(entry.rule, str(entry.carrier), entry.link_limit) for entry in refused.refused_by] == [
        ("shared_email", BOB, 5)
    ]
    assert decisions(town) == [("unmerge", "run-2")]


@pytest.mark.parametrize("build", ["run-2", None])
def test_a_link_that_others_bridge_splits_nothing(town: Town, build: str | None) -> None:
    town.link(ANN, PHONE)
    town.build()
    bridged = change(town, "unmerge", ANN, BOB, build=build)
    assert (bridged.effect, bridged.reason_none) == ("none", "bridged")
    assert [f"{link.identifier} {link.other}" for link in bridged.path] == [
        f"{ANN} {PHONE}",
        f"{BOB} {PHONE}",
    ]
    assert profile_ids(bridged) == [profile_id(ANN)]


def test_without_a_build_it_is_recorded_and_the_next_request_builds(town: Town) -> None:
    pending = change(town, "unmerge", ANN, BOB, build=None)
    assert (pending.effect, pending.reason_none, pending.is_recorded) == ("none", "pending", True)
    assert decisions(town) == [("unmerge", None)]
    split = change(town, "unmerge", ANN, BOB)
    assert (split.effect, split.is_recorded) == ("split", False)
    assert decisions(town) == [("unmerge", "run-2")]


def test_a_decision_that_is_taken_back_before_a_build_changes_nothing(town: Town) -> None:
    change(town, "unmerge", ANN, BOB, build=None)
    back = change(town, "remerge", ANN, BOB)
    assert (back.effect, back.reason_none, back.is_recorded) == ("none", "already", True)
    assert decisions(town) == [("unmerge", "run-2"), ("remerge", "run-2")]


def test_the_decision_stays_when_dbt_fails(town: Town) -> None:
    def fail() -> None:
        raise DbtError("dbt: model x failed")

    request = Request.checked("unmerge", ANN, BOB, reason="two people", by="jo")
    with pytest.raises(DbtError):
        change_link(request, lambda: nullcontext(town.warehouse), fail)
    assert decisions(town) == [("unmerge", None)]
    assert change(town, "unmerge", ANN, BOB).effect == "split"


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ((ANN, "user_id:nobody"), "no event that was built has that user_id", "spelling"),
        ((ANN, ANN), "the same one", "two ends"),
        ((ANN, PHONE), "no event shows that user_id and that anonymous_id together", "2 other links"),
        ((ANN, "anonymous_id:cat"), "and nothing connects them", "the links of the user_id"),
        ((ANN,), "one identifier does not name a link", "identity merges"),
        ((profile_id(ANN), BOB), "that is a profile id or a merge id", f"profile {profile_id(ANN)}"),
        ((ANN, profile_id(ANN)), "that is a profile id or a merge id", "two identifiers"),
        ((profile_id(ANN),), "is no merge but a profile", f"--profile {profile_id(ANN)}"),
        ((profile_id(BOB),), f"a profile, now {profile_id(ANN)}", f"--profile {profile_id(ANN)}"),
        (("0" * 32,), "there is no merge 0000", "identity merges"),
    ],
)
def test_what_names_no_link_is_exit_2_and_writes_nothing(
    town: Town, arguments: tuple[Any, ...], message: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        change(town, "unmerge", *arguments)
    assert refused.value.exit_code == 2
    assert message in refused.value.message
    assert hint in (refused.value.hint or "")
    assert "ann" not in refused.value.message.replace("anonymous", "")
    assert decisions(town) == []


def test_links_that_could_be_meant_are_beside_the_error(town: Town) -> None:
    with pytest.raises(NoSuchLink) as bridged:
        change(town, "unmerge", ANN, PHONE)
    assert [str(link.other) for link in bridged.value.nearest] == [BOB, PHONE]
    with pytest.raises(NoSuchLink) as apart:
        change(town, "unmerge", "anonymous_id:cat", ANN)
    assert [str(link.identifier) for link in apart.value.nearest] == ["user_id:cat"]


def test_a_merge_without_a_link_cannot_be_undone(town: Town) -> None:
    [first, *_] = list_merges(town.warehouse, limit=1)
    with pytest.raises(ConfigError, match="no link is behind the merge"):
        change(town, "unmerge", first.merge_id)


@pytest.mark.parametrize(
    ("reason", "by", "message"),
    [
        (None, "jo", "--reason is missing"),
        (" ", "jo", "--reason is blank"),
        ("x", None, "--by is missing"),
        ("x", "", "--by is blank"),
    ],
)
def test_who_and_why_are_needed(reason: str | None, by: str | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        Request.checked("unmerge", ANN, BOB, reason=reason, by=by)
    assert refused.value.hint


def test_a_clock_that_goes_wrong_is_said(town: Town) -> None:
    change(town, "unmerge", ANN, BOB)
    town.connection.execute("update identity_overrides set decided_at = '2999-01-01'")
    with pytest.raises(SegmentloomError, match="later than this machine's clock"):
        change(town, "remerge", ANN, BOB)


def test_before_the_first_build_it_says_what_to_do() -> None:
    town = Town.open()
    town.connection.execute("drop table identity_overrides cascade")
    with pytest.raises(
        ConfigError, match="not all is built in the schema segmentloom yet: identity_overrides"
    ) as refused:
        change(town, "unmerge", ANN, BOB)
    assert refused.value.hint == "run `dbt build` first"
