"""`profile` and `identity ...` as typed: what they print, where, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from segmentloom_sync.cli.app import app
from segmentloom_sync.errors import ConfigError
from tests.identity_tables import Town, profile_id
from tests.workspace import Workspace

ANN, ADDRESS, PHONE = "user_id:ann", "email:ann@x.org", "anonymous_id:[red]\x1b[31mphone"
WORDS = ("--by", "jo", "--reason", "two people")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A project with two profiles and an address between them, as the working directory."""
    workspace = Workspace.create(tmp_path / "shop")
    town = Town.open(workspace.path / "warehouse.duckdb")
    town.see(ANN)
    town.link(ANN, ADDRESS)
    town.link(ADDRESS, PHONE)
    town.link("user_id:bob", ADDRESS, refused_by="shared_email")
    town.trait(ANN, "plan", '"[bold]free"')
    town.build()
    town.connection.close()
    monkeypatch.chdir(workspace.path)
    return workspace


def printed(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.exception
    return done.stdout


def document(*arguments: str) -> dict[str, Any]:
    read = json.loads(printed(*arguments, "--json"))
    assert isinstance(read, dict)
    return read


@pytest.mark.usefixtures("workspace")
def test_profile_prints_what_others_rely_on() -> None:
    found = document("profile", profile_id(ADDRESS))
    assert found["profile_id"] == profile_id(ANN)
    assert found["former_profile_id"] == profile_id(ADDRESS)
    assert [(entry["type"], entry["value"]) for entry in found["identifiers"]] == [
        tuple(text.split(":", 1)) for text in (ANN, ADDRESS, PHONE)
    ]
    assert found["traits"] == {"plan": "[bold]free"}
    assert found["audiences"] == []
    assert {entry["kind"] for entry in found["merges"]} == {"merge"}


@pytest.mark.usefixtures("workspace")
def test_events_that_are_owned_and_events_that_carry_an_identifier_are_two_counts() -> None:
    found = document("profile", ANN)
    assert found["owned_event_count"] == 3
    assert "event_count" not in found
    assert [(entry["event_count"], entry["owned_event_count"]) for entry in found["identifiers"]] == [
        (2, 1)
    ] * 3
    lines = printed("profile", ANN).splitlines()
    assert lines[1].startswith("3 identifiers, 3 owned events, ")
    assert "  in events  owned  " in lines[5]


@pytest.mark.usefixtures("workspace")
def test_links_that_guards_refuse_are_counted() -> None:
    for identifier in (ADDRESS, "user_id:bob"):
        counts = {"shared_email": 1, "kiosk": 0, "later_link": 0}
        assert document("profile", identifier)["refused_links"] == counts
        assert printed("profile", identifier).endswith("\nrefused links: 1 shared_email\n")


def test_who_decided_and_why_is_shown(workspace: Workspace) -> None:
    printed("identity", "unmerge", ADDRESS, ANN, *WORDS, "--no-build")
    connection = duckdb.connect(str(workspace.path / "warehouse.duckdb"))
    connection.execute(
        "update segmentloom.profile_merges set requested_by = 'jo', reason = 'two people' where"
        " absorbed_profile_id = $1",
        [profile_id(PHONE)],
    )
    connection.close()
    for arguments in (("identity", "merges"), ("profile", ANN)):
        text = printed(*arguments)
        assert "  by  reason      merge id" in text
        assert text.count("  jo  two people  ") == 1


def test_a_repeated_unmerge_shows_the_links_that_still_join_the_two(workspace: Workspace) -> None:
    town = Town.open(workspace.path / "second.duckdb")
    town.see(ANN)
    town.link(ANN, ADDRESS)
    town.link(ADDRESS, "anonymous_id:tablet")
    town.link(ANN, "anonymous_id:tablet")
    town.build()
    town.connection.close()
    (workspace.path / "second.duckdb").replace(workspace.path / "warehouse.duckdb")
    command = ("identity", "unmerge", ANN, ADDRESS, *WORDS, "--no-build")
    first, second = printed(*command), printed(*command)
    assert "since other links connect the two as well" in first.splitlines()[0]
    assert "it was decided so before" in second.splitlines()[0]
    assert second.splitlines()[0].endswith("; other links connect the two as well")
    assert first.splitlines()[1:] == second.splitlines()[1:]
    assert [line.split()[1] for line in second.splitlines()[2:4]] == ["anonymous_id:tablet", ADDRESS]


@pytest.mark.usefixtures("workspace")
def test_a_former_id_is_said_on_stderr() -> None:
    done = CliRunner().invoke(app, ["profile", profile_id(ADDRESS)])
    assert done.stderr == f"{profile_id(ADDRESS)} is part of {profile_id(ANN)} now\n"


@pytest.mark.usefixtures("workspace")
def test_what_events_hold_is_printed_harmlessly() -> None:
    text = printed("profile", ANN)
    assert "anonymous_id:[red]\\x1b[31mphone" in text
    assert '"[bold]free"' in text
    assert "\x1b" not in text


@pytest.mark.usefixtures("workspace")
def test_a_path_is_printed_in_order() -> None:
    lines = printed("profile", ANN, "--path", PHONE).splitlines()
    assert lines[0].startswith(f"2 links from {ANN} to anonymous_id:")
    assert [line.split()[0] for line in lines[1:]] == ["from", ANN, ADDRESS]
    assert "refused by shared_email" in printed("profile", "user_id:bob", "--path", ADDRESS)
    assert "is that identifier itself" in printed("profile", ANN, "--path", ANN)


def test_where_no_path_leads_an_unmerge_that_stands_between_is_shown(workspace: Workspace) -> None:
    lines = printed("profile", "user_id:bob", "--path", ANN).splitlines()
    assert lines == [
        f"no path of links that count leads from user_id:bob to {ANN}",
        f"{ANN} is of profile {profile_id(ANN)}",
    ]
    town = Town.open(workspace.path / "second.duckdb")
    town.see(ANN)
    town.link(ANN, ADDRESS)
    town.link(ADDRESS, PHONE)
    town.connection.execute(
        "insert into identity_overrides values"
        " ('1', '2026-07-02', 'unmerge', 'user_id', 'ann', 'email', 'ann@x.org', 'no', 'jo', null, null)"
    )
    town.build()
    town.connection.close()
    (workspace.path / "second.duckdb").replace(workspace.path / "warehouse.duckdb")
    lines = printed("profile", PHONE, "--path", ANN).splitlines()
    assert lines[-2] == f"a link between the two profiles, {ANN} - {ADDRESS}, was taken away:"
    assert lines[-1].startswith("unmerge by jo, ")
    assert lines[-1].endswith(" UTC: no")


@pytest.mark.usefixtures("workspace")
def test_merges_can_be_narrowed() -> None:
    assert len(document("identity", "merges")["merges"]) == 2
    assert len(document("identity", "merges", "--limit", "1")["merges"]) == 1
    assert document("identity", "merges", "--kind", "split")["merges"] == []
    assert len(document("identity", "merges", "--since", "2026-07-01")["merges"]) == 2
    assert document("identity", "merges", "--since", "2026-07-03")["merges"] == []
    assert len(document("identity", "merges", "--profile", PHONE)["merges"]) == 2
    assert document("identity", "merges", "--profile", "user_id:bob")["merges"] == []
    assert profile_id(ANN) in printed("identity", "merges")
    assert printed("identity", "merges", "--kind", "split") == "nothing like that has happened\n"


@pytest.mark.usefixtures("workspace")
def test_conflicts_are_grouped_by_rule_and_identifier() -> None:
    found = document("identity", "conflicts")
    assert found["identifiers"] == {"shared_email": 1, "kiosk": 0, "later_link": 0, "oversized_profile": 0}
    assert [
        (entry["rule"], entry["identifier"]["value"], entry["refused"], entry["link_count"], entry["limit"])
        for entry in found["conflicts"]
    ] == [("shared_email", "ann@x.org", 1, 7, 5)]
    assert document("identity", "conflicts", "--rule", "kiosk")["conflicts"] == []
    assert "shared_email  email:ann@x.org" in printed("identity", "conflicts")


@pytest.mark.usefixtures("workspace")
def test_the_largest_come_first_with_their_types() -> None:
    first, second = document("identity", "largest")["profiles"]
    assert first["profile_id"] == profile_id(ANN)
    assert first["by_type"] == {"anonymous_id": 1, "email": 1, "user_id": 1}
    assert (second["identifier_count"], second["is_quarantined"]) == (1, False)
    assert "1 anonymous_id, 1 email, 1 user_id" in printed("identity", "largest", "--limit", "1")


@pytest.mark.usefixtures("workspace")
def test_decisions_are_recorded_exported_and_put_back(tmp_path: Path) -> None:
    done = document("identity", "unmerge", ADDRESS, ANN, *WORDS, "--no-build")
    assert (done["effect"], done["reason_none"], done["recorded"]) == ("none", "pending", True)
    assert "recorded; the next build takes it up" not in printed(
        "identity", "unmerge", ADDRESS, ANN, *WORDS, "--no-build"
    )
    [exported] = document("identity", "export")["decisions"]
    assert (exported["action"], exported["reason"], exported["requested_by"]) == (
        "unmerge",
        "two people",
        "jo",
    )
    file = tmp_path / "decisions.jsonl"
    assert document("identity", "export", str(file)) == {"file": str(file), "decisions": 1}
    assert printed("identity", "export") == file.read_text()
    again = printed("identity", "unmerge", "--from", str(file), "--no-build")
    assert again == f"1 decision in {file}, 0 new\n"


def test_decisions_go_into_a_warehouse_that_has_none(workspace: Workspace, tmp_path: Path) -> None:
    printed("identity", "unmerge", ADDRESS, ANN, *WORDS, "--no-build")
    file = tmp_path / "decisions.jsonl"
    printed("identity", "export", str(file))
    (workspace.path / "warehouse.duckdb").unlink()
    Town.open(workspace.path / "warehouse.duckdb").connection.close()
    restored = document("identity", "unmerge", "--from", str(file), "--no-build")
    assert restored == {"file": str(file), "decisions": 1, "recorded": 1}
    assert document("identity", "export")["decisions"][0]["requested_by"] == "jo"


@pytest.mark.usefixtures("workspace")
def test_links_that_could_be_meant_are_on_stdout_and_the_error_is_without_identifiers() -> None:
    done = CliRunner().invoke(app, ["identity", "unmerge", ANN, PHONE, *WORDS, "--json"])
    assert isinstance(done.exception, ConfigError)
    assert "ann@x.org" not in done.exception.message + str(done.exception.hint)
    nearest = json.loads(done.stdout)["nearest_links"]
    assert [entry["other"]["value"] for entry in nearest] == [ADDRESS.split(":")[1], PHONE.split(":")[1]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("profile", "ann@x.org"), "has no type"),
        (("profile", "user_id:nobody"), "no event that was built has that user_id"),
        (("profile", ANN, "--path", "x"), "has no type"),
        (("profile", "user_id:" + "x" * 1_000_000), "1,000,008 characters"),
        (("identity", "merges", "--since", "soon"), "is no date or time"),
        (("identity", "merges", "--profile", ""), "is blank"),
        (("identity", "unmerge", *WORDS), "unmerge needs a link"),
        (("identity", "unmerge", ANN, ADDRESS, "--reason", "x"), "--by is missing"),
        (("identity", "remerge", ANN, ADDRESS, "--by", "jo", "--reason", ""), "--reason is blank"),
        (("identity", "unmerge", ANN, "--from", "x"), "--from takes links"),
        (("identity", "unmerge", "--from", "missing"), "cannot read missing"),
    ],
)
@pytest.mark.usefixtures("workspace")
def test_what_the_caller_must_change_is_exit_2(arguments: tuple[str, ...], message: str) -> None:
    done = CliRunner().invoke(app, list(arguments))
    assert isinstance(done.exception, ConfigError)
    assert done.exception.exit_code == 2
    assert message in done.exception.message


@pytest.mark.parametrize(
    "arguments",
    [
        ("profile", ANN),
        ("identity", "merges"),
        ("identity", "conflicts"),
        ("identity", "largest"),
        ("identity", "export"),
        ("identity", "check"),
        ("identity", "unmerge", ANN, ADDRESS, *WORDS),
        ("identity", "remerge", ANN, ADDRESS, *WORDS),
    ],
)
def test_before_the_first_build_it_says_what_to_do(workspace: Workspace, arguments: tuple[str, ...]) -> None:
    (workspace.path / "warehouse.duckdb").unlink()
    Town.open(workspace.path / "warehouse.duckdb").connection.execute("drop schema segmentloom cascade")
    done = CliRunner().invoke(app, list(arguments))
    assert isinstance(done.exception, ConfigError)
    assert done.exception.message == "nothing is built in the schema segmentloom yet"
    assert done.exception.hint == "run `dbt build` first"


@pytest.mark.parametrize(
    "arguments",
    [
        ("profile", ANN),
        ("identity", "check"),
        ("identity", "check", "--full"),
        ("identity", "plan", "--max-users-per-email", "6"),
        ("identity", "unmerge", ANN, ADDRESS, *WORDS),
        ("identity", "remerge", ANN, ADDRESS, *WORDS),
        ("identity", "unmerge", "--from", "decisions.jsonl"),
    ],
)
def test_no_command_on_identity_makes_a_warehouse(workspace: Workspace, arguments: tuple[str, ...]) -> None:
    (workspace.path / "decisions.jsonl").write_text("")
    (workspace.path / "warehouse.duckdb").unlink()
    done = CliRunner().invoke(app, list(arguments))
    assert isinstance(done.exception, ConfigError)
    assert "does not exist" in done.exception.message
    assert not (workspace.path / "warehouse.duckdb").exists()


def test_of_a_build_that_was_never_finished_a_few_tables_are_named(workspace: Workspace) -> None:
    connection = duckdb.connect(str(workspace.path / "warehouse.duckdb"))
    for name in ("identity_overrides", "profile_merges", "int_segmentloom__progress"):
        connection.execute(f"drop table segmentloom.{name} cascade")
    connection.close()
    done = CliRunner().invoke(app, ["identity", "unmerge", ANN, ADDRESS, *WORDS])
    assert isinstance(done.exception, ConfigError)
    assert done.exception.message == (
        "not all is built in the schema segmentloom yet: profile_merges, identity_overrides and 1 more"
    )
