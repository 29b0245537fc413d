"""Turns at a DuckDB file, with other processes that really hold it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from segmentloom_sync.errors import ConfigError, TryAgainLater
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect
from segmentloom_sync.warehouse.lock import engine_holder, wait_limit, warehouse_lock
from tests.workspace import Workspace

BY_HAND = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""
OURS = """
import sys
from pathlib import Path
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.lock import warehouse_lock
sys.argv = ["/bin/segmentloom-sync", "run", "--secret=x", "email:ann@example.com"]
with warehouse_lock(Project.find(Path.cwd())):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "project")


@pytest.fixture
def holder(workspace: Workspace) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts a process that holds the file until its standard input is closed."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", program, "warehouse.duckdb"],
            cwd=workspace.path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def let_go(process: subprocess.Popen[str]) -> Callable[..., None]:
    """In place of a message on the screen: once we say that we wait, the holder ends."""

    def said(message: str) -> None:
        assert "waiting for warehouse.duckdb" in message
        assert process.stdin is not None
        process.stdin.close()

    return said


def test_a_held_file_is_try_again_later(
    workspace: Workspace, holder: Callable[[str], subprocess.Popen[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    process = holder(OURS)
    project = Project.find(workspace.path)

    with pytest.raises(TryAgainLater, match=f"`segmentloom-sync run`, pid {process.pid}, since"):
        connect(project, wait_seconds=0.2)
    message = capsys.readouterr().err
    assert message.count("waiting for warehouse.duckdb: `segmentloom-sync run`") == 1
    assert "ann" not in message + (workspace.path / "warehouse.duckdb.lock").read_text()

    with pytest.raises(TryAgainLater), warehouse_lock(project, wait_seconds=0):
        pass


@pytest.mark.parametrize("program", [OURS, BY_HAND])
def test_whoever_waits_gets_it_when_the_holder_ends(
    workspace: Workspace,
    holder: Callable[[str], subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
    program: str,
) -> None:
    monkeypatch.setattr("segmentloom_sync.terminal.say", let_go(holder(program)))
    warehouse = connect(Project.find(workspace.path), wait_seconds=60)
    assert warehouse.rows("select 1") == [(1,)]
    warehouse.close()


def test_a_person_who_runs_dbt_by_hand_is_waited_for_too(
    workspace: Workspace, holder: Callable[[str], subprocess.Popen[str]]
) -> None:
    process = holder(BY_HAND)
    project = Project.find(workspace.path)

    with pytest.raises(TryAgainLater, match=f"`python.*`, pid {process.pid}"):
        connect(project, wait_seconds=0.2)
    with pytest.raises(TryAgainLater), warehouse_lock(project, wait_seconds=0):
        pass


def test_a_killed_holder_holds_nothing(
    workspace: Workspace, holder: Callable[[str], subprocess.Popen[str]]
) -> None:
    process = holder(OURS)
    process.kill()
    process.wait()
    connect(Project.find(workspace.path), wait_seconds=0).close()


def test_the_command_exits_with_3(
    workspace: Workspace, holder: Callable[[str], subprocess.Popen[str]]
) -> None:
    holder(BY_HAND)
    (workspace.path / "events.jsonl").write_text('{"event": "x", "user_id": "u"}\n')

    done = workspace.cli("load", "events.jsonl", check=False, SEGMENTLOOM_WAIT_SECONDS="0.2")

    assert done.returncode == 3
    assert "warehouse.duckdb is in use by" in done.stderr
    assert done.stdout == ""


def test_within_a_process_the_lock_may_be_taken_again(workspace: Workspace) -> None:
    project = Project.find(workspace.path)
    lock_file = workspace.path / "warehouse.duckdb.lock"
    with warehouse_lock(project):
        assert json.loads(lock_file.read_text())["pid"]
        connect(project).close()
        # Still ours, so DuckDB's own lock is the only one that another connection of this process could meet.
        assert json.loads(lock_file.read_text())["pid"]
        duckdb.connect(str(workspace.path / "warehouse.duckdb")).close()
    assert lock_file.read_text() == ""


def test_reading_a_file_that_does_not_exist_makes_none(workspace: Workspace) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        connect(Project.find(workspace.path), read_only=True)
    assert not (workspace.path / "warehouse.duckdb").exists()


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    output = {"type": "duckdb", "path": str(tmp_path / "nowhere" / "w.duckdb"), "schema": "s"}
    workspace = Workspace.create(tmp_path / "project", output=output)
    with pytest.raises(ConfigError, match=r"nowhere/w\.duckdb\.lock"):
        connect(Project.find(workspace.path))


def test_a_file_that_is_no_database_is_an_error(workspace: Workspace) -> None:
    (workspace.path / "warehouse.duckdb").write_text("hello, this is some text that is no database" * 100)
    done = workspace.cli("load", "-", check=False)
    assert done.returncode == 1
    assert "the warehouse refused opening warehouse.duckdb" in done.stderr
    assert "Traceback" not in done.stderr


def test_waiting_time_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGMENTLOOM_WAIT_SECONDS", "7.5")
    assert wait_limit(None) == 7.5
    assert wait_limit(1) == 1
    monkeypatch.setenv("SEGMENTLOOM_WAIT_SECONDS", "")
    assert wait_limit(None) == 60
    for wrong in ("soon", "nan", "inf", "-1"):
        monkeypatch.setenv("SEGMENTLOOM_WAIT_SECONDS", wrong)
        with pytest.raises(ConfigError, match="SEGMENTLOOM_WAIT_SECONDS"):
            wait_limit(None)


def test_other_errors_of_the_engine_name_no_holder() -> None:
    assert engine_holder("IO Error: No such file or directory") is None
    message = 'Could not set lock on file "/x": Conflicting lock is held in /usr/bin/dbt (PID 12). See also'
    assert engine_holder(message) == "`dbt`, pid 12"
