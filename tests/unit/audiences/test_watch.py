"""`preview --watch` as a process: every save is counted, and nobody is kept from the warehouse."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import duckdb
import pytest

from tests.audience_tables import fill, open_warehouse
from tests.workspace import Workspace

COMMAND = "from segmentloom_sync.cli.app import main; main()"
PATIENCE = 60


class Watching:
    """A running command; what it prints is read as it comes."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "preview", *arguments, "--watch", "--json"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._readers: list[threading.Thread] = []
        self.counts = self._lines(self.process.stdout)
        self.messages = self._lines(self.process.stderr)

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()

    def members(self) -> int:
        """Of the next count."""
        counted: dict[str, Any] = json.loads(self.counts.get(timeout=PATIENCE))
        return int(counted["members"])

    def message(self, part: str) -> str:
        """The next message that has this part."""
        while part not in (line := self.messages.get(timeout=PATIENCE)):
            pass
        return line

    def _lines(self, stream: IO[str] | None) -> queue.Queue[str]:
        found: queue.Queue[str] = queue.Queue()

        def read(lines: IO[str]) -> None:
            with lines:
                for line in lines:
                    found.put(line)

        assert stream is not None
        self._readers.append(threading.Thread(target=read, args=[stream], daemon=True))
        self._readers[-1].start()
        return found


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A project with an audience that others use, and four profiles."""
    workspace = Workspace.create(tmp_path / "shop")
    workspace.audience("free", "match: {trait: plan, is: free}")
    workspace.audience("unrelated", "match: {trait: plan, is: x}")
    connection, warehouse = open_warehouse(workspace.path / "warehouse.duckdb")
    with closing(warehouse):
        fill(connection, {"p1": {"plan": "free"}, "p2": {"plan": "free"}, "p3": {"plan": "pro"}, "p4": {}})
    return workspace


@pytest.fixture
def draft(workspace: Workspace) -> Path:
    """A file outside of audiences/ that uses one of them."""
    file = workspace.path / "draft.yml"
    file.write_text("match: {audience: free}")
    return file


@pytest.fixture
def watching(workspace: Workspace, draft: Path) -> Iterator[Watching]:
    """The command, watching the draft."""
    with Watching(workspace.path, draft.name) as watching:
        yield watching


def test_every_save_is_counted_mistakes_too(workspace: Workspace, draft: Path, watching: Watching) -> None:
    watching.message("watching draft.yml")
    assert watching.members() == 2
    draft.write_text("match: {not: {audience: free}}")
    assert watching.members() == 2
    workspace.audience("unrelated", "match: {trait: plan, is: y}")
    workspace.audience("free", "match: {trait: plan, in: [free, pro]}")
    watching.message("free.yml saved")
    assert watching.members() == 1
    draft.write_text("match: {trait: plan, iss: free}")
    assert "draft.yml:1:22: unknown key 'iss'" in watching.message("iss")
    draft.unlink()
    assert "draft.yml is gone" in watching.message("draft.yml")
    watching.message("there is no file draft.yml")
    draft.write_text("match: {audience: fre}")
    watching.message("unknown audience 'fre'; did you mean 'free'?")
    workspace.audience("fre", "match: {trait: plan, exists: false}")
    assert watching.members() == 1
    with duckdb.connect(str(workspace.path / "warehouse.duckdb")) as connection:
        connection.execute("update segmentloom.profiles set traits = '{}'")
    draft.write_text("match: {audience: fre} ")
    assert watching.members() == 4
    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(PATIENCE) == 130
    assert watching.counts.empty()


def test_what_no_edit_can_mend_ends_it(workspace: Workspace) -> None:
    with Watching(workspace.path, "nobody.yml") as watching:
        watching.message("there is no file nobody.yml")
        assert watching.process.wait(PATIENCE) == 2
