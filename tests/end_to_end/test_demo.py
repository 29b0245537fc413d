"""The demo tells its whole story on a small shop, and finds what is wrong when something is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.oracles.audiences import Event, World
from tests.oracles.figures import events_behind, figures, file_leaves

CLI = Path(sys.executable).parent / "segmentloom-sync"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "shop"


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    command: list[str | Path] = [
        CLI,
        "demo",
        "--dir",
        folder,
        "--persons",
        "400",
        "--events",
        "8000",
        "--seed",
        "11",
        "--json",
    ]
    # A variable of the user's that leads elsewhere must not lead the demo there.
    environment = {**os.environ, "DBT_PROFILES_DIR": "nowhere"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500, env=environment)
    assert done.returncode == 0, done.stderr + done.stdout
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


def test_every_line_lands_where_it_belongs(told: dict[str, Any]) -> None:
    assert told["ok"]
    assert [landing["is_right"] for landing in told["landings"]] == [True, True]
    assert told["landings"][0]["duplicates"] > 0
    assert told["landings"][0]["rejected"] > 0


def test_persons_found_are_those_of_the_truth(told: dict[str, Any]) -> None:
    persons = told["persons"]
    assert persons["unexplained"] == 0
    assert persons["profiles_found"] == persons["profiles_expected"]
    assert persons["persons"] + sum(count for count, _ in persons["differences"]) == persons["profiles_found"]
    assert {entry["rule"] for entry in told["refused"]} >= {"kiosk", "later_link", "shared_email"}


def test_the_first_sync_fills_the_lists_and_the_second_sends_only_the_change(told: dict[str, Any]) -> None:
    first, second = ({(run["audience"], run["destination"]): run for run in sync} for sync in told["syncs"])
    assert set(first) == set(second)
    assert sum(run["adds"] for run in first.values()) > 0
    assert all(run["removes"] == 0 and run["accepted"] == run["adds"] for run in first.values())
    sent = sum(run["adds"] + run["removes"] for run in second.values())
    assert 0 < sent < sum(run["adds"] for run in first.values()) / 2
    assert sum(run["removes"] for run in second.values()) > 0
    assert told["left_to_send"] == 0


def test_every_list_holds_exactly_what_is_wanted(told: dict[str, Any]) -> None:
    assert len(told["lists"]) == 9
    assert all(check["is_right"] and check["holds"] > 0 for check in told["lists"])
    assert {check["destination"] for check in told["lists"]} == {"google_ads", "meta", "linkedin"}


@pytest.fixture(scope="module")
def world(told: dict[str, Any], folder: Path) -> World:
    """What the demo built, and the members that it published, as the last sync evaluated them."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        profiles = connection.execute("select profile_id, traits from segmentloom.profiles").fetchall()
        events = connection.execute(
            "select profile_id, event, occurred_at, properties, source_id, event_id"
            " from segmentloom.int_segmentloom__profile_events where event is not null"
        ).fetchall()
        members = connection.execute(
            "select audience, list(profile_id) from segmentloom.audience_membership group by all"
        ).fetchall()
        [(at,)] = connection.execute("select max(evaluated_at) from segmentloom.audience_sizes").fetchall()
    return World(
        {profile: json.loads(traits) for profile, traits in profiles},
        [
            Event(profile, name, when.replace(tzinfo=UTC), json.loads(properties), source, number)
            for profile, name, when, properties, source, number in events
        ],
        at.replace(tzinfo=UTC),
        {audience: frozenset(profiles) for audience, profiles in members},
    )


def ask(folder: Path, *arguments: str) -> dict[str, Any]:
    """The answer of a command in the demo's project."""
    command: list[str | Path] = [CLI, *arguments, "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_previews_count_what_was_published_and_what_python_counts(folder: Path, world: World) -> None:
    assert len(world.audiences) == 5
    for name, members in world.audiences.items():
        file = yaml.safe_load((folder / "audiences" / f"{name}.yml").read_text())
        shown = ask(folder, "preview", name, "--as-of", world.as_of.isoformat())
        expected = figures(world, file, name)
        assert shown["profiles"] == len(world.traits)
        assert shown["members"] == expected.members == len(members) > 0
        assert [one["members"] for one in shown["conditions"]] == expected.alone
        assert [one["removes"] for one in shown["conditions"]] == expected.removes
        assert [one["members"] for one in shown["funnel"]] == expected.funnel
        assert shown["published"] == {"members": len(members), "entering": 0, "leaving": 0}
        changes = [(one["adds"], one["removes"]) for one in shown["by_destination"]]
        assert changes == [(None, None)] * len(file["sync"])
        assert {one["audience"]: one["both"] for one in shown["overlaps"]} == {
            other: len(theirs & members)
            for other, theirs in world.audiences.items()
            if other != name and theirs & members
        }
        assert [size["members"] for size in shown["history"]][-1] == len(members)
        assert len(shown["history"]) == 2


def test_explanations_of_a_member_and_of_others_are_what_python_says(folder: Path, world: World) -> None:
    name = "cart_abandoners"
    file = yaml.safe_load((folder / "audiences" / f"{name}.yml").read_text())
    asked = [min(world.audiences[name]), *sorted(world.traits.keys() - world.audiences[name])[:2]]
    for profile in asked:
        shown = ask(folder, "explain", name, profile, "--as-of", world.as_of.isoformat())
        is_member = profile in world.audiences[name]
        assert (shown["profile_id"], shown["member"]) == (profile, is_member)
        assert shown["published"]["member"] == is_member
        for leaf, one in zip(file_leaves(file), shown["conditions"], strict=True):
            assert one["holds"] == (profile in world.holding(leaf))
            if "event" in leaf:
                behind = events_behind(world, leaf, profile, "UTC")
                assert one["evidence"]["count"] == len(behind)
                assert [event["event_id"] for event in one["evidence"]["events"]] == [
                    event.event_id for event in behind[:5]
                ]
            else:
                assert one["evidence"]["value"] == world.traits[profile].get(leaf["trait"])
                assert (one["evidence"]["event"] is None) == (one["evidence"]["value"] is None)


def test_explanations_say_what_is_sent_and_why_not(folder: Path, world: World) -> None:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:

        def one(sql: str) -> tuple[Any, ...]:
            found = connection.execute(sql).fetchone()
            assert found is not None, sql
            return tuple(found)

        members = (
            "from segmentloom.profiles inner join segmentloom.audience_membership using (profile_id)"
            " where audience = 'cart_abandoners' and email is not null"
        )
        [opted_out] = one(f"select email {members} and is_opted_out order by 1")
        [silent] = one(
            f"select email {members} and not is_opted_out and not is_quarantined"
            " and ad_user_data_consent is null order by 1"
        )
        former, current = one(
            "select former_profile_id, profile_id from segmentloom.profile_redirects order by 1"
        )

    def reasons(email: str) -> dict[str, list[str]]:
        shown = ask(folder, "explain", "cart_abandoners", f"email:{email}")
        return {list_["destination"]: list_["not_sent_because"] for list_ in shown["destinations"]}

    assert "the person opted out" in reasons(opted_out)["meta"]
    assert "ad_user_data consent is unknown" in reasons(silent)["google_ads"]
    assert reasons(silent)["meta"] == []
    shown = ask(folder, "explain", "cart_abandoners", f"email:{silent}")
    assert {held["state"] for held in shown["destinations"][1]["held"]} == {"accepted"}
    moved = ask(folder, "explain", "cart_abandoners", former)
    assert (moved["former_profile_id"], moved["profile_id"]) == (former, current)


def test_an_unknown_person_is_exit_code_2_and_is_not_repeated(folder: Path, told: dict[str, Any]) -> None:
    command: list[str | Path] = [CLI, "explain", "cart_abandoners", "email:nobody@nowhere.example"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "no event that was built has that email" in done.stderr
    assert "nobody" not in done.stdout + done.stderr


def test_a_folder_with_something_in_it_is_never_touched(
    told: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    for directory, hint in ((folder, "--fresh"), (tmp_path, "--dir")):
        done = subprocess.run(
            [CLI, "demo", "--dir", directory], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 2
        assert "is not empty" in done.stderr
        assert hint in done.stderr
    fresh = subprocess.run(
        [CLI, "demo", "--dir", tmp_path, "--fresh"], capture_output=True, text=True, check=False, timeout=60
    )
    assert fresh.returncode == 2
    assert (tmp_path / "precious.txt").read_text() == "mine"
