"""Running dbt, with a small program in its place that does what dbt does to files and signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segmentloom_sync import dbt
from segmentloom_sync.errors import DbtError

PROGRAM = """#!{python}
import json, os, pathlib, sys, time
target, log = (pathlib.Path(os.environ[name]) for name in ("DBT_TARGET_PATH", "DBT_LOG_PATH"))
(log / "dbt.log").write_text("ann@example.com")
parsed = target / "partial_parse.msgpack"
seen = parsed.read_text() if parsed.exists() else ""
parsed.write_text(seen + "+")
pathlib.Path("where").write_text(str(target))
{end}
"""
RESULTS = """
nodes = {"test.shop.t.1": {"depends_on": {"nodes": ["model.shop.m"]}}}
(target / "manifest.json").write_text(json.dumps({"nodes": nodes}))
results = [{"unique_id": "test.shop.t.1", "status": "fail", "message": "Got 1 result"}]
(target / "run_results.json").write_text(json.dumps({"results": results}))
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(dbt, "_executable", lambda: str(tmp_path / "dbt"))
    monkeypatch.delenv("DBT_TARGET_PATH", raising=False)
    return tmp_path


def program(project: Path, end: str) -> None:
    file = project / "dbt"
    file.write_text(PROGRAM.replace("{python}", sys.executable).replace("{end}", end))
    file.chmod(0o755)


def test_files_of_dbt_are_private_and_go_but_for_what_it_has_parsed(project: Path) -> None:
    program(project, RESULTS)
    target = project / "target"
    target.mkdir()
    (target / "run_results.json").write_text("of somebody else")

    for _ in range(2):
        assert dbt.Dbt(project).run("build") == [
            dbt.NodeResult("test.shop.t.1", "fail", "Got 1 result", ("model.shop.m",))
        ]

    assert (target / "partial_parse.msgpack").read_text() == "++"
    assert (target / "run_results.json").read_text() == "of somebody else"
    assert {path.name for path in target.iterdir()} == {"partial_parse.msgpack", "run_results.json"}
    assert not Path((project / "where").read_text()).exists()
    assert not (project / "logs").exists()


def test_the_parse_cache_is_where_the_environment_says(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(project, RESULTS)
    monkeypatch.setenv("DBT_TARGET_PATH", "elsewhere")
    dbt.Dbt(project).run("build")
    assert (project / "elsewhere" / "partial_parse.msgpack").exists()


def test_a_failure_without_results_quotes_no_row(project: Path) -> None:
    program(project, 'print("Database Error\\n  Bad double value: Ann Smith"); sys.exit(2)')
    with pytest.raises(DbtError, match="dbt build failed: Database Error") as caught:
        dbt.Dbt(project).run("build")
    assert "Ann" not in caught.value.message


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_sigterm_ends_dbt_too(project: Path) -> None:
    program(project, 'pathlib.Path("pid").write_text(str(os.getpid())); time.sleep(60)')
    start = (
        "import pathlib, sys; from segmentloom_sync import dbt; from segmentloom_sync.cli import app;"
        "dbt._executable = lambda: sys.argv[1] + '/dbt';"
        "app.app = lambda: dbt.Dbt(pathlib.Path(sys.argv[1])).run('build'); app.main()"
    )
    ours = subprocess.Popen([sys.executable, "-c", start, str(project)], stderr=subprocess.DEVNULL)
    pid = project / "pid"
    deadline = time.monotonic() + 30
    while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
        os.sched_yield()
    ours.send_signal(signal.SIGTERM)
    assert ours.wait(30) == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
