"""Merge, unmerge and remerge, a sync to the simulators after each: what follows travels, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
import yaml

from segmentloom_sync import simulators
from segmentloom_sync.project import Project
from segmentloom_sync.simulators import Platform
from segmentloom_sync.warehouse.connect import connect
from tests.workspace import Workspace

pytestmark = pytest.mark.slow

AUDIENCE = """
cadence: hourly
match:
  all:
    - {{event: Order Completed, within: 30 days}}
    - {{trait: plan, {operator}: growth}}
sync:
  - {{destination: meta, list: {name}}}
  - {{destination: linkedin, list: {name}}}
"""
WORDS = ("--by", "jo", "--reason", "two people")
STATE = {
    "int_segmentloom__identity_map": "identifier_type, identifier_value, profile_id, first_seen_at,"
    " last_seen_at, event_count, cause_identifier_key, cause_other_key",
    "profiles": "* exclude (traits), cast(traits as varchar)",
    "hashed_identifiers": "*",
}

Counts = dict[str, tuple[int, int, str]]


@pytest.fixture(scope="module")
def platforms() -> Iterator[dict[str, Platform]]:
    with simulators.running(["meta", "linkedin"]) as running:
        yield running


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, platforms: Mapping[str, Platform]) -> Workspace:
    """A shop of four persons. Ann and her sister Bea use one address, so they are one profile.

    Ann has ordered, Bea is on the growth plan: together they are in the audience of growth, apart Ann is in
    that of the others and Bea in none. Cat and Dan are in one each; they share a tablet, on which Dan was
    first.
    """
    workspace = Workspace.create(tmp_path_factory.mktemp("unmerge") / "project")
    workspace.audience("growth", AUDIENCE.format(operator="is", name="growth"))
    workspace.audience("others", AUDIENCE.format(operator="is_not", name="others"))
    settings = {name: platform.settings() for name, platform in platforms.items()}
    (workspace.path / "segmentloom.yml").write_text(yaml.safe_dump({"destinations": settings}))
    events = [
        identify("ann", 1, "ann@example.com"),
        identify("ann", 2, "sisters@example.com"),
        order("ann", 3),
        identify("bea", 4, "sisters@example.com", plan="growth"),
        identify("bea", 5, "bea@example.com"),
        identify("cat", 6, "cat@example.com", plan="growth"),
        order("cat", 7),
        identify("dan", 8, "dan@example.com"),
        order("dan", 9),
        identify("dan", 10, "dan@example.com", anonymous_id="tablet"),
        identify("cat", 11, "cat@example.com", anonymous_id="tablet"),
    ]
    file = workspace.path / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    workspace.cli("load", str(file))
    return workspace


def identify(
    person: str, number: int, email: str, *, anonymous_id: str | None = None, **traits: str
) -> dict[str, Any]:
    device = {"anonymous_id": anonymous_id} if anonymous_id else {}
    return event(person, number, type="identify", traits={"email": email, **traits}, **device)


def order(person: str, number: int) -> dict[str, Any]:
    return event(person, number, type="track", event="Order Completed")


def event(person: str, number: int, **parts: Any) -> dict[str, Any]:
    return {
        "user_id": person,
        "message_id": f"m{number}",
        "timestamp": (datetime.now(UTC) - timedelta(days=1, minutes=-number)).isoformat(),
        "context": {"consent": {"ad_user_data": "granted", "ad_personalization": "granted"}},
        **parts,
    }


def run(workspace: Workspace) -> Counts:
    """Additions and removals by audience, the same for both platforms."""
    runs = workspace.json("run")["runs"]
    counts = {
        (entry["audience"], entry["destination"]): (entry["adds"], entry["removes"], entry["status"])
        for entry in runs
    }
    assert len(counts) == 4
    return {
        audience: one
        for (audience, destination), one in counts.items()
        if destination == "meta" and counts[audience, "linkedin"] == one
    }


def held(platforms: Mapping[str, Platform]) -> dict[str, set[str]]:
    """What the lists hold, the same at both platforms."""
    meta, linkedin = (
        {entry.name: {key.value for key in entry.members} for entry in platform.lists}
        for platform in platforms.values()
    )
    assert meta == linkedin
    return meta


def hashes(*people: str) -> set[str]:
    return {sha256(f"{person}@example.com".encode()).hexdigest() for person in people}


def state(workspace: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    """All state that identity derives, in one order."""
    warehouse = connect(Project.find(workspace.path), read_only=True)
    try:
        return {
            name: sorted(warehouse.rows(f"select {columns} from {warehouse.relation(name)}"), key=repr)
            for name, columns in STATE.items()
        }
    finally:
        warehouse.close()


def test_merge_sync_unmerge_sync_remerge_sync(workspace: Workspace, platforms: dict[str, Platform]) -> None:
    assert run(workspace) == {"growth": (2, 0, "ok"), "others": (1, 0, "ok")}
    assert held(platforms) == {"growth": hashes("bea", "cat"), "others": hashes("dan")}
    merged = state(workspace)
    [profile] = {workspace.json("profile", f"user_id:{person}")["profile_id"] for person in ("ann", "bea")}

    split = workspace.json("identity", "unmerge", "user_id:ann", "email:sisters@example.com", *WORDS)
    assert (split["effect"], split["reason_none"], split["audiences"]) == ("split", None, ["growth"])
    assert [entry["kind"] for entry in split["merges"]] == ["split"]
    sides = {
        side["profile_id"]: {entry["value"] for entry in side["identifiers"]} for side in split["profiles"]
    }
    assert sides[profile] == {"ann", "ann@example.com"}
    [back] = sides.keys() - {profile}
    assert sides[back] == {"bea", "bea@example.com", "sisters@example.com"}
    assert workspace.json("profile", back)["traits"]["plan"] == "growth"
    assert "plan" not in workspace.json("profile", profile)["traits"]

    for words in (("plan",), ("run", "--no-build")):
        done = workspace.cli(*words, "--json", check=False)
        stale = json.loads(done.stdout)["runs"]
        assert {(entry["adds"], entry["removes"], entry["status"]) for entry in stale} == {(0, 0, "failed")}
        assert {entry["message"] for entry in stale} == {
            f"profiles changed since audience {name} was evaluated" for name in ("growth", "others")
        }
        assert done.returncode == 1
    assert held(platforms) == {"growth": hashes("bea", "cat"), "others": hashes("dan")}

    assert run(workspace) == {"growth": (0, 1, "ok"), "others": (1, 0, "ok")}
    assert {entry["adds"] for entry in workspace.json("plan")["runs"]} == {0}
    assert held(platforms) == {"growth": hashes("cat"), "others": hashes("ann", "dan")}
    apart = state(workspace)
    workspace.dbt("run", "--full-refresh")
    assert state(workspace) == apart

    again = workspace.json("identity", "remerge", split["merges"][0]["merge_id"], *WORDS)
    assert (again["effect"], [side["profile_id"] for side in again["profiles"]]) == ("merged", [profile])
    assert state(workspace) == merged
    assert run(workspace) == {"growth": (1, 0, "ok"), "others": (0, 1, "ok")}
    assert held(platforms) == {"growth": hashes("bea", "cat"), "others": hashes("dan")}


def test_a_profile_tells_where_it_is_and_why(workspace: Workspace) -> None:
    profile = workspace.json("profile", "email:bea@example.com")
    assert [(entry["audience"], entry["entered_at"] is not None) for entry in profile["audiences"]] == [
        ("growth", True)
    ]
    assert {(entry["destination"], entry["state"]) for entry in profile["destinations"]} == {
        ("meta", "accepted"),
        ("linkedin", "accepted"),
    }
    assert profile["traits"] == {"email": "bea@example.com", "plan": "growth"}
    assert profile["trait_events"]["plan"]["event_id"] == "m4"
    assert {entry["kind"] for entry in profile["merges"]} == {"merge", "split"}
    path = workspace.json("profile", "email:bea@example.com", "--path", "user_id:ann")["path"]
    assert [(link["other"]["value"], link["event_id"]) for link in path] == [
        ("bea@example.com", "m5"),
        ("sisters@example.com", "m4"),
        ("sisters@example.com", "m2"),
    ]


def test_a_link_that_others_bridge_or_a_guard_refuses_changes_nothing(workspace: Workspace) -> None:
    before = state(workspace)["profiles"]
    refused = workspace.json(
        "identity", "unmerge", "user_id:cat", "anonymous_id:tablet", *WORDS, "--no-build"
    )
    assert (refused["effect"], refused["reason_none"]) == ("none", "refused")
    [guard] = refused["refused_by"]
    dan = {"type": "user_id", "value": "dan"}
    assert (guard["rule"], guard["link_count"], guard["limit"], guard["refused"]) == ("later_link", 2, 1, 2)
    assert guard["earliest"] == {"identifier": dan, "state": "counts"}
    same = workspace.json("identity", "unmerge", "user_id:cat", "anonymous_id:tablet", *WORDS, "--no-build")
    assert (same["effect"], same["reason_none"], same["recorded"]) == ("none", "already", False)
    bridged = workspace.json("identity", "unmerge", "user_id:dan", "anonymous_id:tablet", *WORDS)
    assert (bridged["effect"], bridged["reason_none"]) == ("none", "bridged")
    assert [link["identifier"]["type"] for link in bridged["path"]] == ["user_id", "email"]
    again = workspace.json("identity", "unmerge", "user_id:dan", "anonymous_id:tablet", *WORDS)
    assert (again["reason_none"], again["path"]) == ("already", bridged["path"])
    place = workspace.json("profile", "user_id:cat", "--path", "anonymous_id:tablet")["refused_by"][0]
    assert place["earliest"] == {"identifier": dan, "state": "unmerged"}
    assert state(workspace)["profiles"] == before
    decisions = workspace.json("identity", "export")["decisions"]
    assert [entry["action"] for entry in decisions] == ["unmerge", "remerge", "unmerge", "unmerge"]
    assert all(entry["applied_run_id"] for entry in decisions)


def test_a_build_that_fails_leaves_the_decision_to_the_next(workspace: Workspace) -> None:
    broken = workspace.path / "models" / "identity" / "segmentloom__profiles.sql"
    whole = broken.readlink()
    broken.unlink()
    broken.write_text("{{ config(alias='profiles') }}\n\nselect * from {{ ref('nothing_of_the_kind') }}\n")
    words = ("identity", "unmerge", "user_id:bea", "email:bea@example.com", *WORDS)
    done = workspace.cli(*words, check=False)
    assert done.returncode == 1
    assert "recorded; building what follows from it" in done.stderr
    assert "the decision is recorded, and the next build takes it up" in done.stderr
    assert "bea" not in done.stderr
    broken.unlink()
    broken.symlink_to(whole)
    again = workspace.json(*words)
    assert (again["effect"], again["recorded"]) == ("split", False)
    assert {side["profile_id"] for side in again["profiles"]} <= {
        row[0] for row in state(workspace)["profiles"]
    }


def test_a_build_that_fails_after_the_map_is_ended_by_asking_again(workspace: Workspace) -> None:
    broken = workspace.path / "models" / "identity" / "segmentloom__profiles.sql"
    whole = broken.readlink()
    broken.unlink()
    broken.write_text(f"{whole.read_text()}\nwhere cast(profile_id as integer) = 1\n")
    words = ("identity", "unmerge", "user_id:cat", "email:cat@example.com", *WORDS)
    stale = state(workspace)
    done = workspace.cli(*words, check=False)
    assert done.returncode == 1
    assert "dbt: model segmentloom__profiles failed" in done.stderr
    assert "cat" not in done.stderr.replace("cast", "")
    half = state(workspace)
    assert half["int_segmentloom__identity_map"] != stale["int_segmentloom__identity_map"]
    assert (half["profiles"], half["hashed_identifiers"]) == (stale["profiles"], stale["hashed_identifiers"])
    broken.unlink()
    broken.symlink_to(whole)
    waiting = workspace.json(*words, "--no-build")
    assert (waiting["effect"], waiting["reason_none"], waiting["recorded"]) == ("none", "pending", False)
    again = workspace.json(*words)
    assert (again["effect"], again["recorded"]) == ("split", False)
    assert [entry["kind"] for entry in again["merges"]] == ["split"]
    built = state(workspace)
    assert {row[0] for row in built["profiles"]} == {row[2] for row in built["int_segmentloom__identity_map"]}
    assert {side["profile_id"] for side in again["profiles"]} <= {row[0] for row in built["profiles"]}
    assert len(built["hashed_identifiers"]) == len(stale["hashed_identifiers"])
    same = workspace.json(*words)
    assert (same["effect"], same["reason_none"]) == ("none", "already")
