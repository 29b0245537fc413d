"""The loader beside a collector: it is kept running whatever happens, and what it cannot load is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.collector import loader
from segmentloom_sync.collector.loader import LoaderOptions, LoaderProcess
from segmentloom_sync.spool.keys import KeyRing
from segmentloom_sync.spool.writer import SpoolWriter
from tests.unit.spool.rings import RING, line
from tests.workspace import Workspace

WITHOUT_LOADS = LoaderOptions("spool", 60)


def told(count: int) -> list[dict[str, Any]]:
    """The first things that a loader tells which is kept running."""
    heard: list[dict[str, Any]] = []

    async def listen() -> None:
        enough = asyncio.Event()

        def hear(facts: dict[str, Any]) -> None:
            heard.append(facts)
            if len(heard) >= count:
                enough.set()

        running = asyncio.create_task(LoaderProcess(WITHOUT_LOADS).keep_running(hear))
        await asyncio.wait(
            [running, asyncio.create_task(enough.wait())], timeout=30, return_when="FIRST_COMPLETED"
        )
        assert not running.done()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    asyncio.run(listen())
    return heard[:count]


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (None, "does not start: no such file or directory"),
        ("exit 1", "ended"),
        ("echo hello; exec sleep 60", "printed what is no report"),
    ],
)
def test_a_loader_that_fails_is_told_of_and_started_again(
    script: str | None, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    if script:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(loader, "_RESTART_SECONDS", 0.01)
    assert told(2) == [{"error": f"the loader {error}; it is started again"}] * 2


def test_what_cannot_be_loaded_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Workspace.create(tmp_path / "project")
    spool = tmp_path / "spool"
    for name in ("old", "new"):
        writer = SpoolWriter(spool, keys=KeyRing(name, RING.keys), free_floor=0)
        writer.append(line(len(name)) + b"no record\n", 2).result(30)
        writer.close()
    (spool / f"no-segment-{'0' * 64}.sealed").write_bytes(b"")
    monkeypatch.setenv("SEGMENTLOOM_SPOOL_KEY", f"old:{RING.keys['old'].hex()}")
    options = LoaderOptions(str(spool), 0.01, str(project.path))
    with subprocess.Popen(
        [sys.executable, "-m", "segmentloom_sync.collector.loader", json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        process.kill()
    assert facts == {
        "segments": 1,
        "landed": 1,
        "duplicates": 0,
        "rejected": 1,
        "quarantined": 1,
        "error": "segments wait for keys that SEGMENTLOOM_SPOOL_KEY lacks: new",
    }
