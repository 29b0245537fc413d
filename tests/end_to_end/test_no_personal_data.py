"""Whatever a project's folder gets beside its warehouse, and whatever commands print, names nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from segmentloom_sync import simulators
from segmentloom_sync.simulators import Platform
from tests.workspace import Workspace

pytestmark = pytest.mark.slow

EMAIL, PHONE, NAME, USER = "kanarienvogel@example.com", "+436609876543", "Quetzalina", "u-kanarie-7731"
TOKEN = "an-access-token-that-opens-nothing"
AUDIENCE = """
match: {event: Order Completed, within: 30 days}
sync:
  - {destination: meta, list: Buyers, identifiers: [email, phone]}
tests: {min_members: 1}
"""
EVENTS = [
    {
        "type": "track",
        "event": "Order Completed",
        "user_id": USER,
        "message_id": f"message-{number}",
        "timestamp": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        "context": {"traits": {"email": EMAIL, "phone": PHONE, "first_name": NAME}},
    }
    for number in range(3)
] + [{"type": "track", "email": EMAIL, "user_id": USER}]  # without an event: rejected
CANARIES = {
    "e-mail": EMAIL,
    "its name": EMAIL.partition("@")[0],
    "phone": PHONE.removeprefix("+"),
    "trait": NAME,
    "user id": USER,
    "hash of the e-mail": sha256(EMAIL.encode()).hexdigest(),
    "hash of the phone": sha256(PHONE.removeprefix("+").encode()).hexdigest(),
    "token": TOKEN,
}


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with simulators.running() as running:
        yield running["meta"]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, platform: Platform) -> Workspace:
    workspace = Workspace.create(tmp_path_factory.mktemp("canaries") / "project")
    workspace.audience("buyers", AUDIENCE)
    settings = platform.settings() | {"access_token": "${META_TOKEN}"}
    (workspace.path / "segmentloom.yml").write_text(yaml.safe_dump({"destinations": {"meta": settings}}))
    return workspace


def found(text: bytes) -> set[str]:
    """What of the canaries is in it, in any case."""
    return {name for name, canary in CANARIES.items() if canary.lower().encode() in text.lower()}


def files(folder: Path) -> Iterator[Path]:
    """All that was written there, but for the warehouse."""
    for entry in folder.rglob("*"):
        if entry.is_file() and not entry.is_symlink() and not entry.name.startswith("warehouse.duckdb"):
            yield entry


def test_no_command_prints_or_leaves_who_somebody_is(
    workspace: Workspace, platform: Platform, tmp_path: Path
) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    good = str(platform.settings()["access_token"])
    plan = str(workspace.path / "plan.json")
    said: dict[str, str] = {}

    def command(*arguments: str, expect: int = 0, token: str = good) -> None:
        done = workspace.cli(*arguments, check=False, META_TOKEN=token)
        assert done.returncode == expect, done.stdout + done.stderr
        said[" ".join(arguments)] = done.stdout + done.stderr

    command("load", str(events), expect=1)
    command("compile")
    command("run", "buyers", expect=2, token=TOKEN)
    command("plan", "buyers", "--save", plan)
    workspace.audience("buyers", AUDIENCE.replace("min_members: 1", "min_members: 50"))
    command("compile")
    command("run", "buyers", "--json", expect=1)
    workspace.audience("buyers", AUDIENCE)
    command("compile")
    command("run", "buyers")
    for form in ((), ("--json",)):
        command("preview", "buyers", *form)
        command("plan", "buyers", *form)
        command("status", *form)
        command("match-rates", *form)
        command("audit", *form)
        command("identity", "check", *form)
    workspace.dbt("build")

    assert {name: found(text.encode()) for name, text in said.items() if found(text.encode())} == {}
    written = {
        str(entry.relative_to(workspace.path)): found(entry.read_bytes()) for entry in files(workspace.path)
    }
    assert {"logs/dbt.log", "target/manifest.json", "plan.json"} <= written.keys()
    assert {name: canaries for name, canaries in written.items() if canaries} == {}
    assert found((workspace.path / "warehouse.duckdb").read_bytes())  # they are where they belong
