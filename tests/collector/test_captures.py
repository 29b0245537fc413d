"""Every recorded request of real SDKs, byte for byte, over HTTP into the spool and S.events."""

from __future__ import annotations

import base64
import json
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect
from tests.captures import FIXTURES, assert_as_expected
from tests.collector.running import RunningCollector, running
from tests.workspace import CLI, Workspace

_NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
RECORDED_KEY = "testWriteKey_0123456789"
COLUMNS = (
    "event_id", "type", "event", "user_id", "anonymous_id", "previous_id", "email", "properties", "traits",
)  # fmt: skip
"""All that does not depend on when the request came."""


def recorded() -> list[dict[str, Any]]:
    """All requests of the SDKs, in the order of the recordings; browsers also fetched pages and icons."""
    files = sorted((FIXTURES / "captures").glob("*.json"))
    requests = [request for file in files for request in json.loads(file.read_text())]
    return [request for request in requests if request["target"].startswith(("/v1/", "/beacon/"))]


def replayed(collector: RunningCollector, request: dict[str, Any]) -> tuple[int, Any]:
    """Send one again as it was, but for the key in its headers."""
    body = base64.b64decode(request["wire_body_base64"] or "")
    left_out = {"host", "content-length", "connection", "accept-encoding"}
    headers = {name: value for name, value in request["headers"] if name.lower() not in left_out}
    for name in list(headers):
        if name.lower() == "authorization":
            headers[name] = "Basic " + base64.b64encode(f"{collector.secret}:".encode()).decode()
    target = request["target"].replace(RECORDED_KEY, collector.public)
    answer = collector.send(request["method"], target, body, headers)
    return answer.status, answer.json if answer.status == 200 else None


def loaded(workspace: Workspace, collector: RunningCollector) -> dict[str, Any]:
    """What `load --spool` says."""
    done = subprocess.run(
        [str(CLI), "load", "--spool", str(collector.spool), "--json"],
        cwd=workspace.path,
        capture_output=True,
        text=True,
        check=True,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def events(workspace: Workspace) -> list[dict[str, Any]]:
    """S.events as dbt builds it."""
    workspace.dbt("build", "--select", "+segmentloom__events", *_NO_TESTS)
    with closing(connect(Project.find(workspace.path), read_only=True)) as warehouse:
        rows = warehouse.rows(
            f"select {', '.join(COLUMNS)} from {warehouse.relation('events')} order by event_id"
        )
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def test_recorded_requests_become_the_expected_events_and_again_the_same(
    tmp_path: Path,
) -> None:
    workspace = Workspace.create(tmp_path / "project")
    tables = []
    for _ in range(2):
        with running(tmp_path / "collector") as collector:
            for request in recorded():
                status, answer = replayed(collector, request)
                assert status == (204 if request["method"] == "OPTIONS" else 200), request["target"]
                if request["method"] == "POST":
                    assert answer["quarantined"] == 0
            assert collector.stop()[0] == 0
        assert loaded(workspace, collector)["rejected"] == 0
        tables.append(events(workspace))
    assert_as_expected(tables[0])
    assert tables[1] == tables[0]
