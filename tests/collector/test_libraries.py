"""Unchanged libraries through a failing network: every call arrives, and is one event."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.browser.installed import LIBRARIES, libraries
from tests.collector.arrivals import (
    PLAN,
    SOUND,
    assert_each_call_is_in_the_spool,
    assert_each_call_is_one_event,
)
from tests.collector.faulty_proxy import faulty_proxy
from tests.collector.running import running
from tests.engines.environments import environment
from tests.workspace import Workspace

SECONDS = 300


def test_every_call_arrives(tmp_path: Path) -> None:
    _call(tmp_path, "rudder_node.mjs", 40)


def test_jitsu_s_library_arrives_where_nothing_fails(tmp_path: Path) -> None:
    """It sends each event once, whatever the answer."""
    _call(tmp_path, "jitsu.mjs", 20, SOUND)


@pytest.mark.slow
@pytest.mark.parametrize(
    "program", ["segment_python.py", "rudder_python.py", "segment_node.mjs", "rudder_node.mjs"]
)
def test_every_call_becomes_one_event(tmp_path: Path, program: str) -> None:
    project = Workspace.create(tmp_path / "project")
    _call(project.path, program, 100)
    assert_each_call_is_one_event(project, 100)


def _call(folder: Path, program: str, calls: int, plan: Sequence[str] = PLAN) -> None:
    """Run a program that calls its library so often; what has become of that is in the folder's spool."""
    with running(folder) as collector, faulty_proxy(collector.port, plan) as proxy:
        command = [*_command(program), proxy.url, collector.secret, str(calls)]
        subprocess.run(command, check=True, timeout=SECONDS)
        assert_each_call_is_in_the_spool(collector, calls)
    assert set(proxy.done) == set(plan)


def _command(program: str) -> list[str]:
    if program.endswith(".py"):
        return [str(environment("sdks") / "python"), str(LIBRARIES / program)]
    return ["node", str(libraries() / program)]
