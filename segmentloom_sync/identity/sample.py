"""Draws profiles, and reads what the events and what the state say of their identifiers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.identity.planned_profiles import MAP
from segmentloom_sync.identity.recompute import Pair, Shown, pair_of
from segmentloom_sync.identity.sample_draw_sql import MEMBERS
from segmentloom_sync.identity.sample_sql import ALIASES, AROUND, LINKS, SIGHTINGS
from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.warehouse.base import Statement, Warehouse
from segmentloom_sync.warehouse.dbt_types import DBT_TYPES

SIGHTED: Final = "int_segmentloom__sightings"
BLOCKED: Final = "int_segmentloom__blocked_identifiers"

Make = Callable[[str, str], str]
"""Keeps the rows of a query in a scratch table of that name, and returns its relation."""


class Seen(NamedTuple):
    """The events that carry an identifier."""

    first: datetime
    last: datetime
    events: int = 0
    owned: int = 0
    gpc: int = 0


@dataclass(slots=True)
class Evidence:
    """What the events say.

    Attributes:
        seen: of the drawn profiles' identifiers.
        named: when alias events named some identifier as the previous one, first and last.
        event_links: the earliest event of each pair on one event, of all pairs with an end in `around`.
        alias_links: the same of alias events.
        around: those identifiers, and those that share an event with one.
    """

    seen: dict[Identifier, Seen]
    named: dict[Identifier, Seen]
    event_links: dict[Pair, Shown]
    alias_links: dict[Pair, Shown]
    around: set[Identifier]

    @property
    def links(self) -> dict[Pair, Shown]:
        """Of both kinds, the earlier event of each pair."""
        both = dict(self.alias_links)
        for pair, shown in self.event_links.items():
            both[pair] = min(shown, both.get(pair, shown))
        return both


@dataclass(frozen=True, slots=True)
class Drawn:
    """The sample.

    Attributes:
        relation: a scratch table of the identifiers.
        profiles_relation: one of the profiles.
        profiles: ids of the drawn profiles.
        members: their identifiers, and some that belong to no profile and should.
    """

    relation: str
    profiles_relation: str
    profiles: set[str] = field(default_factory=set)
    members: set[Identifier] = field(default_factory=set)


@contextmanager
def scratch_tables(warehouse: Warehouse) -> Iterator[Make]:
    """Scratch tables that go with the block."""
    made: list[str] = []

    def make(name: str, sql: str) -> str:
        made.append(warehouse.scratch_table_as(f"identity_check_{name}", "sync", Statement(sql)))
        return made[-1]

    try:
        yield make
    finally:
        for relation in made:
            warehouse.drop(relation)


def draw(warehouse: Warehouse, macros: MacroRenderer, make: Make, *, sample: int, seed: int) -> Drawn:
    """Draw profiles by a hash of their id and a number: the same number draws the same again."""
    drawn = make(
        "drawn",
        MEMBERS.format(
            map=warehouse.relation(MAP),
            profiles=warehouse.relation("profiles"),
            events=warehouse.relation("events"),
            sightings=warehouse.relation(SIGHTED),
            hash=macros.render("sha256_hex", f"profile_id || ':{int(seed)}'"),
            sample=int(sample),
            text=DBT_TYPES[warehouse.engine]["string"],
        ),
    )
    wanted = make(
        "wanted",
        f"select distinct identifier_type, identifier_value from {drawn} as drawn"
        " where identifier_type is not null",
    )
    result = Drawn(wanted, drawn)
    for kind, value, profile_id in warehouse.rows(
        f"select identifier_type, identifier_value, profile_id from {drawn}"
    ):
        if kind is not None:
            result.members.add(Identifier(str(kind), str(value)))
        if profile_id is not None:
            result.profiles.add(str(profile_id))
    return result


def read_events(warehouse: Warehouse, macros: MacroRenderer, make: Make, drawn: Drawn) -> Evidence:
    """Read what `S.events` says of the drawn identifiers, and of those around them as far as guards look."""
    names = {
        "events": warehouse.relation("events"),
        "blocked": warehouse.relation(BLOCKED),
        "gpc": macros.render("json_raw_text", "context", ["gpc"]),
    }
    names["aliases"] = make("aliases", ALIASES.format(**names))
    around = make("around", AROUND.format(**names, wanted=drawn.relation))
    evidence = Evidence(
        seen={
            _end(row[:2]): Seen(*row[2:4], *map(int, row[4:]))
            for row in warehouse.rows(SIGHTINGS.format(**names, wanted=drawn.relation))
        },
        named={},
        event_links={},
        alias_links={},
        around={_end(row) for row in warehouse.rows(f"select * from {around}")},
    )
    for row in warehouse.rows(LINKS.format(**names, wanted=around)):
        pair = pair_of(_end(row[:2]), _end(row[2:4]))
        if evidence.around.intersection(pair):
            evidence.event_links[pair] = Shown(*row[4:])
    for source_id, event_id, at, user_id, kind, value in warehouse.rows(f"select * from {names['aliases']}"):
        _add_alias(evidence, Shown(at, str(source_id), str(event_id)), user_id, _end((kind, value)))
    return evidence


def _add_alias(evidence: Evidence, shown: Shown, user_id: Any, previous: Identifier) -> None:
    if previous in evidence.around:
        known = evidence.named.get(previous, Seen(shown.at, shown.at))
        evidence.named[previous] = Seen(min(known.first, shown.at), max(known.last, shown.at))
    if user_id is None:
        return
    user = Identifier("user_id", str(user_id))
    if user != previous and evidence.around & {user, previous}:
        pair = pair_of(user, previous)
        evidence.alias_links[pair] = min(shown, evidence.alias_links.get(pair, shown))


def _end(row: Any) -> Identifier:
    kind, value = row
    return Identifier(str(kind), str(value))
