"""What `S.profile_merges` has to say about one build, given what identity was before it and after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from segmentloom_sync.warehouse.base import Warehouse
from tests.oracles.events import Identifier
from tests.oracles.identity import Identity, Link, profile_id_of
from tests.oracles.merges import merge_causes

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


def problems(before: Identity, after: Identity, rows: Sequence[LogRow]) -> Iterator[str]:
    """What is wrong with the rows that a build has logged; nothing when they tell exactly what happened."""
    happened = changes(before, after)
    told = Counter(row.change for row in rows)
    for change in happened.keys() - told.keys():
        yield f"nothing is logged of {change}: {sorted(happened[change])}"
    for row in rows:
        if row.change not in happened:
            yield f"logged, but it did not happen: {row}"
        elif told[row.change] > 1:
            yield f"logged more than once: {row}"
        else:
            wrong = _split_problems if row.kind == "split" else _merge_problems
            yield from (f"{problem}: {row}" for problem in wrong(row, before, after, happened[row.change]))
    renamed = Counter(row.surviving_profile_id for row in rows if row.kind == "rename")
    for _, survivor, former in (change for change in happened if not change[0]):
        if former in before.profiles and renamed[survivor] != (survivor not in before.profiles):
            yield f"what went on as {survivor} was renamed {renamed[survivor]} times"


def _merge_problems(
    row: LogRow, before: Identity, after: Identity, absorbed: set[Identifier]
) -> Iterator[str]:
    if row.kind == "rename" and row.absorbed_profile_id not in before.profiles:
        yield "what was renamed was no profile before"
    if row.kind == "rename" and row.rule != "older_identifier":
        yield "a rename has another rule"
    if row.kind == "merge" and row.rule not in _rules_of(row.link):
        yield "its rule does not show such a link"
    if row.link is None:
        if row.kind == "merge":
            yield "names no link"
        return
    causes = {frozenset(cause) for cause in merge_causes(after)}
    if row.link not in causes:
        yield "its link is no cause of a merge"
    elif after.links[row.link][1:] != (row.source_id, row.event_id):
        yield "its event is not the earliest that shows the link"
    elif any(after.profile_of[end] != row.surviving_profile_id for end in row.link):
        yield "its link is in another profile"
    elif row.absorbed_profile_id in before.profiles and len(absorbed & row.link) != 1:
        yield "its link does not join what was absorbed to anything"


def _rules_of(link: Link | None) -> set[str]:
    types = sorted(end[0] for end in link or ())
    if types == ["user_id", "user_id"]:
        return {"alias"}
    return {"alias", "same_event"} if types == ["anonymous_id", "user_id"] else {"same_event"}


def _split_problems(row: LogRow, before: Identity, after: Identity, parted: set[Identifier]) -> Iterator[str]:
    if row.link is None:
        yield "names no link"
    elif row.link not in before.kept:
        yield "its link held nothing before"
    elif row.link in after.kept:
        yield "its link still holds"
    elif not row.link & parted:
        yield "its link does not touch what was split off"
    elif row.rule not in _refusals(row.link, after):
        yield "its link is gone for another reason"


def _refusals(link: Link, after: Identity) -> set[str]:
    if link not in after.links:
        return {"retracted", "unmerge"}
    return {"unmerge"} | {
        conflict.rule for conflict in after.conflicts if {conflict.identifier, conflict.other} == link
    }


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
