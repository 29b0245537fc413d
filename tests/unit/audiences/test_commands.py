"""`compile` and `preview` as typed: what they print, where, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from rich.console import Console
from typer.testing import CliRunner

from segmentloom_sync.cli.app import app
from segmentloom_sync.errors import ConfigError, DefinitionError
from segmentloom_sync.warehouse.duckdb import DuckDb
from tests.audience_tables import fill, open_warehouse
from tests.workspace import REPOSITORY, Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A project with one audience and two profiles, as the working directory."""
    workspace = Workspace.create(tmp_path / "shop")
    workspace.audience("free", "match: {trait: plan, is: '[free]'}\nsync: [{destination: meta, list: Free}]")
    connection, _ = open_warehouse(workspace.path / "warehouse.duckdb")
    fill(connection, {"p1": {"plan": "[free]"}, "p2": {"plan": "paid"}})
    connection.close()
    monkeypatch.chdir(workspace.path)
    return workspace


def test_compile_writes_then_check_passes(workspace: Workspace) -> None:
    runner = CliRunner()
    stale = runner.invoke(app, ["compile", "--check"])
    assert stale.exit_code == 1
    assert "models/audiences/audience_free.sql: out of date; run segmentloom-sync compile" in stale.stderr
    done = runner.invoke(app, ["compile", "--json"])
    assert json.loads(done.stdout) == {
        "audiences": ["free"],
        "written": ["models/audiences/_audiences.yml", "models/audiences/audience_free.sql"],
        "removed": [],
        "up_to_date": False,
    }
    checked = runner.invoke(app, ["compile", "--check"])
    assert (checked.exit_code, checked.stderr) == (0, "1 audience, all up to date\n")
    (workspace.path / "models" / "audiences" / "audience_free.sql").unlink()
    assert runner.invoke(app, ["compile"]).stderr == "1 audience, 1 file written, 0 removed\n"


def test_compile_needs_no_profile(workspace: Workspace) -> None:
    (workspace.path / "profiles.yml").unlink()
    assert CliRunner().invoke(app, ["compile"]).exit_code == 0


def test_a_wrong_file_ends_compile_with_exit_code_2(workspace: Workspace) -> None:
    workspace.audience("bad", "match: {evnt: x}")
    result = CliRunner().invoke(app, ["compile"])
    assert isinstance(result.exception, DefinitionError)
    assert result.exception.exit_code == 2


def test_preview_says_where_a_destination_is_not_known(workspace: Workspace) -> None:
    workspace.audience("typo", "match: {event: x}\nsync: [{destination: mta, list: Free}]")
    result = CliRunner().invoke(app, ["preview", "typo"])
    assert isinstance(result.exception, ConfigError)
    assert (result.exception.message, result.exception.hint) == (
        "there is no destination 'mta'",
        "did you mean 'meta'?",
    )
    (workspace.path / "other.yml").write_text("destinations: {meta: {type: meta}}")
    result = CliRunner().invoke(app, ["preview", "typo", "--config", "other.yml"])
    assert isinstance(result.exception, DefinitionError)
    assert result.exception.problems == [
        "audiences/typo.yml:2:22: unknown destination 'mta'; did you mean 'meta'?"
    ]


def test_preview_prints_one_json_object(workspace: Workspace) -> None:
    workspace.audience("bad", "match: {evnt: x}")
    result = CliRunner().invoke(app, ["preview", "free", "--as-of", "2026-07-01", "--json"])
    shown = json.loads(result.stdout)
    assert (shown["audience"], shown["members"], shown["as_of"]) == ("free", 1, "2026-07-01T00:00:00Z")
    assert shown["conditions"] == [{"condition": 'match: trait plan is "[free]"', "members": 1, "removes": 1}]
    warning = (
        "the list 'Free' at meta has 1 person to match, "
        "and meta uses no list with fewer than 100 matched people"
    )
    there = {"destination": "meta", "identifiers": {"email": 1}}
    assert shown["by_destination"] == [{**there, "adds": None, "removes": None, "warnings": []}]
    left_out = "with --as-of, adds and removes are left out: what lists hold is known only as of now"
    assert shown["notes"] == [left_out]
    now = json.loads(CliRunner().invoke(app, ["preview", "free", "--json"]).stdout)
    assert now["by_destination"] == [{**there, "adds": 1, "removes": 0, "warnings": [warning]}]
    assert now["notes"] == []
    assert "audiences/bad.yml:1:8: unknown key 'evnt'" in result.stderr


def test_preview_reads_standard_input_and_draws_the_sizes(workspace: Workspace) -> None:
    with duckdb.connect(str(workspace.path / "warehouse.duckdb")) as connection:
        connection.execute(
            "create table segmentloom.audience_membership (audience varchar, profile_id varchar);"
            "create table segmentloom.audience_sizes as select 'stdin' as audience,"
            " timestamp '2026-06-01' + to_days(n::int) as evaluated_at, n as members from range(8) as t (n)"
        )
    runner = CliRunner()
    text = runner.invoke(app, ["preview", "-"], input="match: {all: [{trait: plan, exists: true}]}").stdout
    assert "stdin: 2 members" in text
    assert "published: 0 members; 2 would enter, 0 would leave" in text
    assert "size 0 ▁▂▃▄▅▆▇█ 7, 8 evaluations, 2026-06-01 00:00 UTC to 2026-06-08 00:00 UTC" in text
    with duckdb.connect(str(workspace.path / "warehouse.duckdb")) as connection:
        connection.execute("delete from segmentloom.audience_sizes where members < 7")
    text = runner.invoke(app, ["preview", "-"], input="match: {trait: plan, exists: true}").stdout
    assert " 7, 1 evaluation, 2026-06-08" in text
    refused = runner.invoke(app, ["preview", "-", "--watch"], input="")
    assert isinstance(refused.exception, ConfigError)
    assert "standard input cannot be watched" in refused.exception.message


def test_preview_refuses_a_limit_where_nobody_estimates(workspace: Workspace) -> None:
    result = CliRunner().invoke(app, ["preview", "free", "--max-bytes", "5"])
    assert isinstance(result.exception, ConfigError)
    assert result.exception.message == "duckdb does not say beforehand how much a query reads"


def test_preview_says_beforehand_what_it_costs(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB as if it knew what a query reads: no engine that knows it can be reached from a test."""
    monkeypatch.setattr(DuckDb, "estimated_bytes", lambda *_: 3 * 2**38)
    dear = CliRunner().invoke(app, ["preview", "free", "--json", "--price-per-tib", "8"])
    queries = json.loads(dear.stdout)["estimated_bytes"] // (3 * 2**38)
    assert json.loads(dear.stdout)["estimated_cost"] == 6 * queries
    assert "which cost " in dear.stderr
    assert " at 8 per TiB" in dear.stderr
    listed = CliRunner().invoke(app, ["preview", "free", "--json"])
    assert json.loads(listed.stdout)["estimated_cost"] == round(0.75 * 6.25 * queries, 4)


def test_preview_prints_tables_for_people_and_shows_brackets(workspace: Workspace) -> None:
    text = CliRunner().invoke(app, ["preview", "free"]).stdout
    assert "free: 1 member as of" in text
    assert 'match: trait plan is "[free]"' in text
    assert "1 email" in text


LONG = [f"a value of {number} letters and more" for number in range(12)]


def test_a_long_condition_is_whole_in_a_pipe_and_wrapped_on_a_terminal(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.audience("long", f"match: {{all: [{{trait: plan, in: {json.dumps(LONG)}}}]}}")
    whole = f"trait plan in {json.dumps(LONG)}"
    assert whole in CliRunner().invoke(app, ["preview", "long"]).stdout
    monkeypatch.setattr(
        "segmentloom_sync.terminal.stdout", lambda: Console(width=60, highlight=False, soft_wrap=True)
    )
    printed = CliRunner().invoke(app, ["preview", "long"]).stdout
    lines = [line for line in printed.splitlines() if "letters" in line]
    assert len(lines) > 5
    assert max(map(len, lines)) <= 60
    assert printed.count("letters") == len(LONG)


def test_preview_tells_notes_on_stderr(workspace: Workspace) -> None:
    text = "match: {trait: plna, is: x}\ntests: {min_members: 5}"
    result = CliRunner().invoke(app, ["preview", "-"], input=text)
    assert result.stderr.splitlines() == [
        "note: tests: min_members 5 would fail with 0",
        'note: no profile has the trait "plna"; did you mean "plan"?',
    ]


def test_preview_refuses_a_time_that_is_none(workspace: Workspace) -> None:
    result = CliRunner().invoke(app, ["preview", "free", "--as-of", "tomorrow"])
    assert isinstance(result.exception, ConfigError)
    assert "--as-of: 'tomorrow' is no date or time" in result.exception.message


@pytest.mark.parametrize("file", sorted((REPOSITORY / "audiences").glob("*.yml")), ids=lambda file: file.stem)
def test_the_example_audiences_point_editors_to_the_schema(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schemas/audience.schema.json"
