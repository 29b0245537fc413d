"""Names the worlds whose rows differ, so that a failure points at a few events instead of thousands."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.oracles.identity import Identity, profile_id_of
from tests.oracles.relations import Rows

PREFIX = re.compile(r"\b(\d+\.\d+-)")


def differences(found: Rows, expected: Rows, identity: Identity, most: int = 6) -> dict[str, list[str]]:
    """By world, the rows that are too many (+) and too few (-); of the first worlds only."""
    identifier_of = {profile_id_of(one): one[1] for one in identity.sightings}
    worlds: dict[str, list[str]] = {}
    for sign, rows in (("+", found - expected), ("-", expected - found)):
        for row in rows:
            worlds.setdefault(_world(row, identifier_of), []).append(f"{sign} {row}")
    return {world: sorted(worlds[world]) for world in sorted(worlds, key=lambda one: len(worlds[one]))[:most]}


def _world(row: tuple[object, ...], identifier_of: Mapping[str, str]) -> str:
    for cell in row:
        text = identifier_of.get(cell, cell) if isinstance(cell, str) else ""
        if match := PREFIX.search(text):
            return match[1]
    return "of no world"
