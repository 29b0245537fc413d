"""Compares what the simulated platforms hold with what they ought to hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segmentloom_sync.audiences.library import load_audiences
from segmentloom_sync.demo.wanted import wanted_identifiers
from segmentloom_sync.project import Project
from segmentloom_sync.simulators.platform import Platform
from segmentloom_sync.warehouse.base import Warehouse


@dataclass(frozen=True, slots=True)
class ListCheck:
    """One list: how many identifiers it holds, and what is wrong with it."""

    destination: str
    name: str
    holds: int
    missing: int
    unwanted: int

    @property
    def is_right(self) -> bool:
        """Whether it holds exactly what it ought to."""
        return self.missing == 0 and self.unwanted == 0


def check_lists(warehouse: Warehouse, project: Project, platforms: Mapping[str, Platform]) -> list[ListCheck]:
    """Check every list that an audience of the project fills."""
    audiences, _ = load_audiences(project)
    checks = []
    for entry, wanted in sorted(wanted_identifiers(warehouse, audiences).items(), key=str):
        platform = platforms[entry.destination]
        try:
            held = {(key.type, key.value) for key in platform.members(platform.list_id(entry.name))}
        except KeyError:
            held = set()
        missing, unwanted = len(wanted - held), len(held - wanted)
        checks.append(ListCheck(entry.destination, entry.name, len(held), missing, unwanted))
    return checks
