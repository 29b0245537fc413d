"""The demo tells its whole story on a small shop, and finds what is wrong when something is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CLI = Path(sys.executable).parent / "segmentloom-sync"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "shop"


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    command: list[str | Path] = [
        CLI,
        "demo",
        "--dir",
        folder,
        "--persons",
        "400",
        "--events",
        "8000",
        "--seed",
        "11",
        "--json",
    ]
    # A variable of the user's that leads elsewhere must not lead the demo there.
    environment = {**os.environ, "DBT_PROFILES_DIR": "nowhere"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500, env=environment)
    assert done.returncode == 0, done.stderr + done.stdout
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


def test_every_line_lands_where_it_belongs(told: dict[str, Any]) -> None:
    assert told["ok"]
    assert [landing["is_right"] for landing in told["landings"]] == [True, True]
    assert told["landings"][0]["duplicates"] > 0
    assert told["landings"][0]["rejected"] > 0


def test_persons_found_are_those_of_the_truth(told: dict[str, Any]) -> None:
    persons = told["persons"]
    assert persons["unexplained"] == 0
    assert persons["profiles_found"] == persons["profiles_expected"]
    assert persons["persons"] + sum(count for count, _ in persons["differences"]) == persons["profiles_found"]
    assert {entry["rule"] for entry in told["refused"]} >= {"kiosk", "later_link", "shared_email"}


def test_the_first_sync_fills_the_lists_and_the_second_sends_only_the_change(told: dict[str, Any]) -> None:
    first, second = ({(run["audience"], run["destination"]): run for run in sync} for sync in told["syncs"])
    assert set(first) == set(second)
    assert sum(run["adds"] for run in first.values()) > 0
    assert all(run["removes"] == 0 and run["accepted"] == run["adds"] for run in first.values())
    sent = sum(run["adds"] + run["removes"] for run in second.values())
    assert 0 < sent < sum(run["adds"] for run in first.values()) / 2
    assert sum(run["removes"] for run in second.values()) > 0
    assert told["left_to_send"] == 0


def test_every_list_holds_exactly_what_is_wanted(told: dict[str, Any]) -> None:
    assert len(told["lists"]) == 9
    assert all(check["is_right"] and check["holds"] > 0 for check in told["lists"])
    assert {check["destination"] for check in told["lists"]} == {"google_ads", "meta", "linkedin"}


def test_a_folder_with_something_in_it_is_never_touched(
    told: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    for directory, hint in ((folder, "--fresh"), (tmp_path, "--dir")):
        done = subprocess.run(
            [CLI, "demo", "--dir", directory], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 2
        assert "is not empty" in done.stderr
        assert hint in done.stderr
    fresh = subprocess.run(
        [CLI, "demo", "--dir", tmp_path, "--fresh"], capture_output=True, text=True, check=False, timeout=60
    )
    assert fresh.returncode == 2
    assert (tmp_path / "precious.txt").read_text() == "mine"
