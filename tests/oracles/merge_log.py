"""What happened to profiles between two builds, and `S.profile_merges`, which tells of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from segmentloom_sync.warehouse.base import Warehouse
from tests.oracles.events import Identifier
from tests.oracles.identity import Identity, Link, profile_id_of

Change = tuple[bool, str, str]
"""(whether it is a split, surviving profile, absorbed profile): what a row tells, apart from why."""


class LogRow(NamedTuple):
    """A row of `S.profile_merges`, its columns in order."""

    merge_id: str
    happened_at: datetime
    kind: str
    surviving_profile_id: str
    absorbed_profile_id: str
    identifier_type: str | None
    identifier_value: str | None
    other_type: str | None
    other_value: str | None
    source_id: str | None
    event_id: str | None
    rule: str
    run_id: str
    reason: str | None
    requested_by: str | None

    @property
    def change(self) -> Change:
        """What this row tells of."""
        return self.kind == "split", self.surviving_profile_id, self.absorbed_profile_id

    @property
    def link(self) -> Link | None:
        """The link behind it."""
        if self.identifier_type is None or self.identifier_value is None:
            return None
        assert self.other_type is not None
        assert self.other_value is not None
        return frozenset({(self.identifier_type, self.identifier_value), (self.other_type, self.other_value)})


def read_log(warehouse: Warehouse) -> list[LogRow]:
    """The whole log."""
    columns = ", ".join(LogRow._fields)
    return [
        LogRow(*row)
        for row in warehouse.rows(f"select {columns} from {warehouse.relation('profile_merges')}")
    ]


def changes(before: Identity, after: Identity) -> dict[Change, set[Identifier]]:
    """What happened to profiles, and to whose identifiers.

    A former profile goes on with its oldest identifier, or when that is gone with the oldest that is left:
    there it is merged or renamed. What is elsewhere was split off. An identifier without a profile counts as
    one of its own.
    """
    found: dict[Change, set[Identifier]] = {}
    left: dict[str, list[Identifier]] = {}
    for identifier in sorted(after.sightings, key=lambda one: (after.sightings[one].first, one)):
        left.setdefault(before.profile_of.get(identifier) or profile_id_of(identifier), []).append(identifier)
    for former, members in left.items():
        first = members[0] if former not in before.profiles else before.profiles[former].identifiers[0]
        heir = first if first in members else members[0]
        survivor = after.profile_of[heir]
        if survivor != former:
            own = {one for one in members if after.profile_of[one] == survivor}
            found.setdefault((False, survivor, former), set()).update(own)
        for one in members:
            if after.profile_of[one] != survivor:
                found.setdefault((True, survivor, after.profile_of[one]), set()).add(one)
    return found


def replayed(ids: set[str], before: Identity, after: Identity, rows: Iterable[LogRow]) -> set[str]:
    """The profile ids that there are after a build, from those before it, new identifiers and its rows."""
    new = {profile_id_of(one) for one in after.profile_of if one not in before.profile_of}
    left = {before.profile_of[one] for one in after.profile_of if one in before.profile_of}
    ids = (ids & left) | new  # of a profile whose identifiers are all gone there is nothing to tell
    for row in rows:
        if row.kind == "split":
            ids.add(row.absorbed_profile_id)
        else:
            ids.discard(row.absorbed_profile_id)
    return ids | {row.surviving_profile_id for row in rows if row.kind == "rename"}
