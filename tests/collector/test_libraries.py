"""Unchanged libraries through a failing network: every call arrives, and is one event."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.browser.installed import LIBRARIES, libraries
from tests.collector.arrivals import PLAN, assert_each_call_is_one_event
from tests.collector.faulty_proxy import faulty_proxy
from tests.collector.running import running
from tests.engines.environments import environment
from tests.workspace import Workspace

SECONDS = 300


@pytest.mark.parametrize(
    ("program", "calls"),
    [
        ("rudder_node.mjs", 40),
        *(
            pytest.param(program, 100, marks=pytest.mark.slow)
            for program in ("segment_python.py", "rudder_python.py", "segment_node.mjs", "rudder_node.mjs")
        ),
    ],
)
def test_every_call_becomes_one_event(tmp_path: Path, program: str, calls: int) -> None:
    project = Workspace.create(tmp_path / "project")
    with running(project.path) as collector, faulty_proxy(collector.port, PLAN) as proxy:
        subprocess.run(
            [*_command(program), proxy.url, collector.secret, str(calls)], check=True, timeout=SECONDS
        )
        faults = set(proxy.done)
        assert_each_call_is_one_event(collector, project, calls)
    assert faults == set(PLAN)


def _command(program: str) -> list[str]:
    if program.endswith(".py"):
        return [str(environment("sdks") / "python"), str(LIBRARIES / program)]
    return ["node", str(libraries() / program)]
