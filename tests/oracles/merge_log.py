"""What `S.profile_merges` has to say about one build, given what identity was before it and after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from segmentloom_sync.warehouse.base import Warehouse
from tests.oracles.events import Identifier
from tests.oracles.identity import Identity, Link, profile_id_of
from tests.oracles.merges import merge_causes, written

REFUSALS = {"shared_email", "kiosk", "later_link"}
RULES = {
    "merge": {"same_event", "alias"},
    "split": {*REFUSALS, "unmerge", "retracted"},
    "rename": {"same_event", "alias", "older_identifier", *REFUSALS, "unmerge", "retracted"},
}
Move = tuple[str, str]
"""(profile before, profile after) of an identifier that went from one to another."""


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
    def move(self) -> Move:
        """The move that this row tells of."""
        if self.kind == "split":
            return self.surviving_profile_id, self.absorbed_profile_id
        return self.absorbed_profile_id, self.surviving_profile_id

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


def moves(before: Identity, after: Identity) -> dict[Move, set[Identifier]]:
    """Who went where. An identifier that was in no profile counts as one of its own."""
    found: dict[Move, set[Identifier]] = {}
    for identifier, profile in after.profile_of.items():
        former = before.profile_of.get(identifier) or profile_id_of(identifier)
        if former != profile:
            found.setdefault((former, profile), set()).add(identifier)
    return found


def problems(before: Identity, after: Identity, rows: Sequence[LogRow]) -> Iterator[str]:
    """What is wrong with the rows that a build has logged; nothing when they tell exactly what happened."""
    happened = moves(before, after)
    told = Counter(row.move for row in rows)
    for move in happened.keys() - told.keys():
        yield f"nothing is logged of {sorted(happened[move])} that went from {move[0]} to {move[1]}"
    for move in told.keys() - happened.keys():
        yield f"logged, but nothing went that way: {[row for row in rows if row.move == move]}"
    for move in (move for move, times in told.items() if times > 1):
        yield f"logged more than once: {[row for row in rows if row.move == move]}"
    causes = {frozenset(cause) for cause in merge_causes(after).values()}
    known = set(before.profiles)
    for row in rows:
        if row.move in happened:
            yield from (f"{problem}: {row}" for problem in _row_problems(row, before, after, known))
            yield from (f"{problem}: {row}" for problem in _link_problems(row, before, after, causes))


def _row_problems(row: LogRow, before: Identity, after: Identity, known: set[str]) -> Iterator[str]:
    former, now = row.move
    if row.rule not in RULES[row.kind]:
        yield "a rule that is none of its kind"
    if row.kind == "split":
        if former not in known:
            yield "what splits was no profile before"
    elif former in after.profiles:
        yield "what was absorbed or renamed is still a profile"
    if now not in after.profiles:
        yield "it leads to no profile"
    if row.kind == "merge" and not (now in known or _is_new(now, before, after)):
        yield "merged into what was no profile before"
    if row.kind == "rename" and (former not in known or now in known):
        yield "a rename is from a former profile's id to one that was none"


def _is_new(profile_id: str, before: Identity, after: Identity) -> bool:
    """Whether the oldest identifier of a profile was never in one before."""
    oldest = after.profiles[profile_id].identifiers[0]
    return oldest not in before.profile_of


def _link_problems(row: LogRow, before: Identity, after: Identity, causes: set[Link]) -> Iterator[str]:
    link = row.link
    if link is None:
        if row.kind == "merge" or row.rule in {"same_event", "alias"}:
            yield "names no link"
        return
    if (row.identifier_type, row.identifier_value) != written(link)[0]:
        yield "its link is written the wrong way round"
    if row.kind == "merge":
        if link not in causes:
            yield "its link is no cause of a merge"
        elif after.links[link][1:] != (row.source_id, row.event_id):
            yield "its event is not the earliest that shows the link"
    if row.kind == "split" and link in after.kept:
        yield "its link is kept"
    former = {before.profile_of.get(end) or profile_id_of(end) for end in link}
    if row.move[0] not in former:
        yield "its link does not touch what was merged or split"


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
