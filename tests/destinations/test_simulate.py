"""`simulate` as a person runs it."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from segmentloom_sync import simulators
from segmentloom_sync.destinations.clock import SystemClock
from segmentloom_sync.destinations.registry import destination_type
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.simulators import snapshot
from tests.destinations.conftest import digest, member
from tests.workspace import CLI


def start(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start it on free ports and read what it prints."""
    process = subprocess.Popen(
        [CLI, "simulate", "--port", "0", "--json", *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def stop(process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> None:
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_what_it_prints_leads_there_and_the_lists_outlive_it(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    process, printed = start("--state", str(state))
    try:
        assert list(printed["destinations"]) == ["google_ads", "meta", "linkedin", "tiktok", "webhook"]
        assert yaml.safe_load(yaml.safe_dump(printed["destinations"])) == printed["destinations"]
        kind = destination_type("meta")
        meta = kind(kind.Settings.model_validate(printed["destinations"]["meta"]), clock=SystemClock())
        audience = meta.create_list("Kept", ("email",))
        meta.push(audience, "add", [member("ann")])
    finally:
        stop(process, signal.SIGTERM)
    process, printed = start("--state", str(state), "meta")
    try:
        assert list(printed["base_urls"]) == ["meta"]
        url = f"{printed['base_urls']['meta']}/_simulator/state?members=1"
        (entry,) = requests.get(url, timeout=5).json()["lists"]
        assert (entry["id"], entry["name"]) == (audience.id, "Kept")
        assert entry["members"] == [["email", digest("ann")]]
    finally:
        stop(process)


def test_a_taken_port_is_the_callers_to_change() -> None:
    process, printed = start("meta")
    try:
        port = printed["base_urls"]["meta"].rpartition(":")[2]
        done = subprocess.run(
            [CLI, "simulate", "meta", "--port", port], capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 2
        assert "--port" in done.stderr
    finally:
        stop(process)


@pytest.mark.parametrize("text", ["", "[]", '{"meta": [{}]}'])
def test_a_foreign_state_file_is_refused_and_kept(tmp_path: Path, text: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(text)
    with simulators.running(["meta"]) as sims, pytest.raises(ConfigError, match=r"state\.json"):
        snapshot.load(state, sims)
    assert state.read_text() == text


def test_a_state_file_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for state, reason in (
        (tmp_path, "is a directory"),
        (Path("/"), "is a directory"),
        (tmp_path / "none" / "x.json", "no such file"),
        (tmp_path / "file" / "x.json", "not a directory"),
        (tmp_path / ("x" * 300), "file name too long"),
    ):
        with pytest.raises(ConfigError, match=f"cannot write .*: {reason}"):
            snapshot.require_writable(state)
    snapshot.require_writable(tmp_path / "state.json")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
