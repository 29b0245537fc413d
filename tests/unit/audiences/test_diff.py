"""`diff` counts both sides of a pull request, says why an audience is listed, and writes nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from segmentloom_sync.cli.app import app
from segmentloom_sync.errors import ConfigError, DefinitionError
from segmentloom_sync.macro_code import FOLDER as KEPT_MACROS
from tests.audience_tables import fill, open_warehouse
from tests.unit.audiences.clone import Clone
from tests.workspace import Workspace

PEOPLE: dict[str, Any] = {f"p{number}": {"seats": number} for number in range(1, 11)}
BEFORE = {
    "large": "match: {trait: seats, gte: 5}",
    "large_and_even": "match: {all: [{audience: large}, {trait: seats, in: [2, 4, 6, 8, 10]}]}",
    "small": "match: {trait: seats, lt: 3}",
    "gone": "match: {trait: seats, lte: 4}",
    "untouched": "match: {trait: seats, is: 1}",
    "ranked": "match: {trait: seats, gte: 9}\npriority: {group: g, rank: 2}",
}


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """A project on a branch with changes that are half committed, and ten profiles."""
    Workspace.create(tmp_path / "clone" / "warehouse" / "shop")
    clone = Clone(tmp_path / "clone")
    for name, text in BEFORE.items():
        clone.write(name, text)
    clone.commit()
    clone.git("checkout", "--quiet", "-b", "work")
    clone.write("large", "match: {trait: seats, between: [4, 8]}")
    clone.write("small", "match: {trait: seats, lt: 3}\ndescription: Said otherwise\ncadence: hourly")
    clone.commit()
    clone.write("first", "match: {trait: seats, gte: 10}\npriority: {group: g, rank: 1}")
    (clone.project / "audiences" / "gone.yml").unlink()
    connection, _ = open_warehouse(clone.project / "warehouse.duckdb")
    fill(connection, PEOPLE)
    connection.close()
    monkeypatch.chdir(clone.project)
    return clone


def diff(*arguments: str) -> dict[str, tuple[Any, ...]]:
    """Status, reasons and numbers by audience."""
    result = CliRunner().invoke(app, ["diff", *arguments, "--json"], catch_exceptions=False)
    keys = ("status", "because", "members", "base_members", "added", "removed")
    return {
        row["audience"]: tuple(row[key] for key in keys) for row in json.loads(result.stdout)["audiences"]
    }


CHANGED = {
    "first": ("new", [], 1, 0, 1, 0),
    "gone": ("removed", [], 0, 4, 0, 4),
    "large": ("changed", [], 5, 6, 1, 2),
    "large_and_even": ("follows", ["large"], 3, 3, 1, 1),
    "ranked": ("changed", ["first"], 1, 2, 0, 1),
}


def test_each_audience_that_differs_is_counted_on_both_sides(clone: Clone) -> None:
    tables = "select table_schema, table_name from information_schema.tables order by all"
    files = written(clone)
    connection, _ = open_warehouse(clone.project / "warehouse.duckdb")
    before = connection.execute(tables).fetchall()
    connection.close()
    assert diff() == CHANGED
    connection, _ = open_warehouse(clone.project / "warehouse.duckdb")
    assert connection.execute(tables).fetchall() == before
    connection.close()
    assert written(clone) == files


def written(clone: Clone) -> dict[Path, bytes]:
    """All files but git's own, the warehouse's and its lock, and the macros that are kept as compiled."""
    return {
        path: path.read_bytes()
        for path in clone.root.rglob("*")
        if path.is_file()
        and not {".git", KEPT_MACROS} & set(path.parts)
        and not path.name.startswith("warehouse.duckdb")
    }


def test_named_audiences_are_shown_whether_or_not_they_differ(clone: Clone) -> None:
    assert diff("untouched", "large") == {
        "large": CHANGED["large"],
        "untouched": ("same", [], 1, 1, 0, 0),
    }


def test_what_came_to_the_base_meanwhile_counts_for_neither_side(clone: Clone) -> None:
    clone.commit()
    clone.git("checkout", "--quiet", "main")
    clone.write("untouched", "match: {trait: seats, is: 2}")
    clone.write("later", "match: {trait: seats, is: 3}")
    clone.commit()
    clone.git("checkout", "--quiet", "work")
    assert diff() == CHANGED


def test_people_and_pull_requests_get_tables(clone: Clone) -> None:
    text = CliRunner().invoke(app, ["diff"]).stdout
    assert ["large_and_even", "3", "3", "1", "1", "uses", "large"] in [
        line.split() for line in text.splitlines()
    ]
    made = CliRunner().invoke(app, ["diff", "--markdown", "--as-of", "2026-07-01"]).stdout
    commit = clone.git("rev-parse", "main")[:10]
    assert made.startswith(f"### Audiences against `main` ({commit})\n\n| audience |")
    assert "\n| `large` | 5 | 6 | 1 | 2 | changed |\n" in made
    assert "\n| `ranked` | 1 | 2 | 0 | 1 | changed, uses first |\n" in made
    assert made.endswith("Counted as of 2026-07-01 00:00 UTC.\n")
    clone.git("checkout", "--quiet", "--force", "main")
    clone.git("clean", "--quiet", "--force", "warehouse/shop/audiences")
    assert CliRunner().invoke(app, ["diff"]).stdout == "no audience differs from main\n"
    assert "No audience differs." in CliRunner().invoke(app, ["diff", "--markdown"]).stdout


def test_wrong_files_on_either_side_are_said_and_skipped(clone: Clone) -> None:
    clone.commit()
    clone.git("checkout", "--quiet", "main")
    clone.write("small", "match: {trait: seats, lessthan: 3}")
    clone.commit()
    clone.git("checkout", "--quiet", "work")
    clone.git("rebase", "--quiet", "--strategy-option", "theirs", "main")
    clone.write("large", "match: {}")
    result = CliRunner().invoke(app, ["diff", "--json"])
    assert result.exit_code == 2
    document = json.loads(result.stdout)
    assert [(one["file"], one["line"], one["column"]) for one in document["problems"]] == [
        ("audiences/large.yml", 1, 8),
        ("audiences/large_and_even.yml", 1, 26),
    ]
    assert document["skipped"] == ["large", "large_and_even", "small"]
    assert [row["audience"] for row in document["audiences"]] == ["first", "gone", "ranked"]
    commit = clone.git("rev-parse", "main")[:10]
    assert (
        f"not compared: at main ({commit}): audiences/small.yml:1:23: unknown key 'lessthan'" in result.stderr
    )
    assert "not compared: audiences/large.yml:1:8: " in result.stderr
    told = "ot compared, since a file is wrong: "
    text = CliRunner().invoke(app, ["diff"])
    assert (text.exit_code, text.stdout.splitlines()[0]) == (2, f"n{told}large, large_and_even, small")
    markdown = CliRunner().invoke(app, ["diff", "--markdown"])
    assert (markdown.exit_code, f"N{told}`large`, `large_and_even`, `small`." in markdown.stdout) == (2, True)
    wrong = CliRunner().invoke(app, ["diff", "large"])
    assert isinstance(wrong.exception, DefinitionError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--base", "mian"], "git knows no branch or commit 'mian' here"),
        (["--base", "--help-me"], "git knows no branch or commit '--help-me' here"),
        (["lareg"], "there is no audience 'lareg', neither here nor in the base"),
        (["--json", "--markdown"], "--json and --markdown are two forms of one answer"),
    ],
)
def test_what_the_caller_must_change_is_exit_2(clone: Clone, arguments: list[str], message: str) -> None:
    error = CliRunner().invoke(app, ["diff", *arguments]).exception
    assert isinstance(error, ConfigError)
    assert message in error.message
    assert error.hint


def test_without_git_or_a_repository_it_says_so(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clone.root / ".git").rename(tmp_path / "hidden")
    error = CliRunner().invoke(app, ["diff"]).exception
    assert isinstance(error, ConfigError)
    assert "not a git repository" in error.message
    monkeypatch.setenv("PATH", str(tmp_path))
    error = CliRunner().invoke(app, ["diff"]).exception
    assert isinstance(error, ConfigError)
    assert error.message == "git is not installed"


def test_a_shallow_clone_is_told_to_fetch_more(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.commit()
    clone.git("checkout", "--quiet", "main")
    clone.write("later", "match: {event: x}")
    clone.commit()
    shallow = tmp_path / "shallow"
    subprocess.run(
        [
            "git",
            "clone",
            "--quiet",
            "--depth",
            "1",
            "--no-single-branch",
            f"file://{clone.root}",
            str(shallow),
        ],
        check=True,
    )
    subprocess.run(["git", "checkout", "--quiet", "work"], cwd=shallow, check=True)
    (shallow / "warehouse/shop/profiles.yml").write_text((clone.project / "profiles.yml").read_text())
    monkeypatch.chdir(shallow / "warehouse" / "shop")
    error = CliRunner().invoke(app, ["diff", "--base", "main"]).exception
    assert isinstance(error, ConfigError)
    assert error.message.startswith("this is a shallow clone")
    assert "fetch-depth: 0" in (error.hint or "")


def test_where_nothing_else_differs_a_wrong_file_is_told_still(clone: Clone) -> None:
    clone.git("checkout", "--quiet", "--force", "main")
    clone.git("clean", "--quiet", "--force", "warehouse/shop/audiences")
    clone.write("untouched", "match: {}")
    result = CliRunner().invoke(app, ["diff"])
    assert result.exit_code == 2
    assert result.stdout == (
        "not compared, since a file is wrong: untouched\nno other audience differs from main\n"
    )
    assert "No other audience differs." in CliRunner().invoke(app, ["diff", "--markdown"]).stdout
    lower = clone.project / "audiences" / "lower"
    lower.mkdir()
    clone.write("untouched", BEFORE["untouched"])
    (lower / "large.yml").write_text(BEFORE["large"])
    result = CliRunner().invoke(app, ["diff"])
    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        2,
        "not compared, since a file is wrong: audiences/lower/large.yml",
    )


def test_a_file_that_was_wrong_and_is_mended_does_not_fail(clone: Clone) -> None:
    clone.git("checkout", "--quiet", "--force", "main")
    clone.git("clean", "--quiet", "--force", "warehouse/shop/audiences")
    clone.write("untouched", "match: {}")
    clone.commit()
    clone.git("checkout", "--quiet", "-b", "mended")
    clone.write("untouched", BEFORE["untouched"])
    result = CliRunner().invoke(app, ["diff"])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "not compared, since a file is wrong: untouched"
