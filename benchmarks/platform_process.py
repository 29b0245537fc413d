"""The simulator of Meta in a process of its own, the same for all who sync to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from segmentloom_sync.simulators.platform import TOKEN

CLI = Path(sys.executable).parent / "segmentloom-sync"
ACCOUNT = "act_1029384756"
SECONDS = 60


class PlatformProcess:
    """A running simulator.

    Args:
        settings: the block of segmentloom.yml that leads there.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.base_url = str(settings["base_url"])

    def create_list(self, name: str) -> str:
        """A new customer list; returns its id."""
        body = {"name": name, "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
        answer = requests.post(
            f"{self.base_url}/v26.0/{ACCOUNT}/customaudiences",
            json=body,
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=SECONDS,
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def delete_list(self, list_id: str) -> None:
        """Delete it, as somebody at the platform does."""
        requests.delete(
            f"{self.base_url}/v26.0/{list_id}", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=SECONDS
        ).raise_for_status()

    def list_id(self, name: str) -> str:
        """The id of the newest list of that name. Raises KeyError."""
        for entry in reversed(self._state()["lists"]):
            if entry["name"] == name:
                return str(entry["id"])
        raise KeyError(name)

    def members(self, list_id: str) -> set[str]:
        """The hashes that a list holds; empty when it is gone."""
        lists = self._state(members="1")["lists"]
        return {value for entry in lists if entry["id"] == list_id for _, value in entry["members"]}

    def size(self, list_id: str) -> int:
        """How many identifiers a list holds; 0 when it is gone."""
        lists = self._state()["lists"]
        return sum(sum(entry["identifiers"].values()) for entry in lists if entry["id"] == list_id)

    def calls(self) -> int:
        """All requests so far."""
        return sum(self._state()["requests"].values())

    def users_calls(self) -> int:
        """Requests so far that added or removed people, answered or not."""
        return sum(count for kind, count in self._state()["requests"].items() if " users " in kind)

    def delete_lists(self) -> None:
        """Delete all."""
        for entry in self._state()["lists"]:
            self.delete_list(str(entry["id"]))

    def fault(self, **fault: Any) -> None:
        """Script one."""
        requests.post(f"{self.base_url}/_simulator/faults", json=fault, timeout=SECONDS).raise_for_status()

    def no_faults(self) -> None:
        """Forget those that did not happen."""
        requests.delete(f"{self.base_url}/_simulator/faults", timeout=SECONDS).raise_for_status()

    def _state(self, **query: str) -> dict[str, Any]:
        answer = requests.get(f"{self.base_url}/_simulator/state", params=query, timeout=SECONDS * 5)
        return dict(answer.json())


@contextmanager
def running(folder: Path) -> Iterator[PlatformProcess]:
    """Start it on a free port; it ends with the block."""
    command = [CLI, "simulate", "meta", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        announced = json.loads(child.stdout.readline())
        try:
            yield PlatformProcess(announced["destinations"]["meta"])
        finally:
            child.terminate()
