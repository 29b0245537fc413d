"""Unchanged libraries through a failing network: every call arrives, and is one event."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from tests.collector.faulty_proxy import DROP, DROP_ANSWER, PASS, faulty_proxy
from tests.collector.running import records, running
from tests.engines.environments import environment

CALLS = 100
PLAN = ("500", PASS, "429", DROP, PASS, DROP_ANSWER, "503", PASS)


@pytest.mark.slow
@pytest.mark.parametrize("library", ["segment_python", "rudder_python"])
def test_every_call_becomes_one_event(tmp_path: Path, library: str) -> None:
    python = environment("sdks") / "python"
    program = Path(__file__).with_name("libraries") / f"{library}.py"
    with running(tmp_path) as collector, faulty_proxy(collector.port, PLAN) as proxy:
        subprocess.run(
            [str(python), str(program), proxy.url, collector.secret, str(CALLS)], check=True, timeout=300
        )
        faults = set(proxy.done)
        collector.stop()
    ids = defaultdict(set)
    for record in records(collector.spool):
        event = record["event"]
        ids[event["properties"]["number"]].add(event["messageId"])
    assert sorted(ids) == list(range(CALLS))
    assert {len(one) for one in ids.values()} == {1}
    assert faults == set(PLAN)
