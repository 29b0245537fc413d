"""A platform for the example of a third party's destination, and that destination's installation."""

from __future__ import annotations

import re
import secrets
import shutil
import tomllib
from pathlib import Path
from typing import Any, ClassVar

from segmentloom_sync.simulators import Matching, SimulatorClock
from segmentloom_sync.simulators.faults import Fault
from segmentloom_sync.simulators.lists import Key, SimulatedList
from segmentloom_sync.simulators.platform import TOKEN, Answer, Platform, Quota, Request, is_malformed

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "acme_ads"
MODULE = EXAMPLE / "acme_ads.py"
ACCOUNT = "1234567890"
MAX_MEMBERS = 500
_PATH = re.compile(r"/v1/lists(?:/(\d+)(/members)?)?")
_HASH = re.compile("[0-9a-f]{64}")


def install(folder: Path) -> None:
    """Lay the example out as pip would: its module, and the entry points that its pyproject.toml declares."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    shutil.copy(MODULE, folder)
    metadata = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines))


class AcmePlatform(Platform):
    """Lists by REST, with an outcome for each member that is refused."""

    name: ClassVar[str] = "acme_ads"

    def __init__(self, *, clock: SimulatorClock, matching: Matching) -> None:
        super().__init__(clock=clock, matching=matching, first_list_id=1)
        self.calls = Quota(1_000, 60)

    def settings(self) -> dict[str, Any]:
        return {"type": self.name, "access_token": TOKEN, "base_url": self.base_url}

    def settle(self) -> None:
        """Lists keep their members."""

    def fault_answer(self, fault: Fault) -> Answer:
        return Answer(fault.status, {"error": "scripted"}, fault.headers)

    def answer(self, request: Request) -> Answer:
        match = _PATH.fullmatch(request.path)
        if match is None:
            return Answer(400, {"error": "no such path"})
        if request.bearer() not in self.tokens:
            return Answer(401, {"error": "token"})
        if not self.calls.take(self.clock.now()):
            return Answer(429, {"error": "busy"})
        list_id, members = match.groups()
        if list_id is None:
            return self._look_up(request) if request.method == "GET" else self._create(request)
        entry = self.lists.get(list_id)
        if entry is None:
            return Answer(404, {"error": "no such list"})
        return self._change(entry, request) if members else Answer(200, self._shown(entry))

    def _look_up(self, request: Request) -> Answer:
        found = [entry for entry in self.lists if entry.name.startswith(request.query["name"][:3])]
        return Answer(200, {"lists": [self._shown(entry) for entry in found]})

    def _create(self, request: Request) -> Answer:
        created = self.lists.create(request.json()["name"], ACCOUNT, self.clock.now(), {})
        return Answer(201, {"id": created.id})

    def _change(self, entry: SimulatedList, request: Request) -> Answer:
        body = request.json()
        if body["operation"] not in ("add", "remove") or not 1 <= len(body["members"]) <= MAX_MEMBERS:
            return Answer(422, {"error": "operation or size"})
        refused = []
        for position, member in enumerate(body["members"]):
            keys = [Key(one["type"], one["value"]) for one in member["identifiers"]]
            if is_malformed(position, self.half_invalid) or not all(
                _HASH.fullmatch(key.value) for key in keys
            ):
                refused.append({"position": position, "code": "malformed"})
            elif body["operation"] == "add":
                entry.add(keys, self.clock.now())
            else:
                entry.remove(keys)
        return Answer(200, {"request_id": secrets.token_hex(8), "refused": refused})

    def _shown(self, entry: SimulatedList) -> dict[str, Any]:
        matched = self.matching.count(entry.members)
        return {"id": entry.id, "name": entry.name, "matched": matched, "submitted": len(entry.members)}
