"""Which profiles would merge, split or be renamed, in the words of the audit `profile_merges`.

merge   a profile would be part of another
rename  a profile would go on under the id of another of its identifiers, or of one that joins it
split   a part of a profile would be another, or in another
gone    a profile would have no identifier left
new     identifiers that belong to no profile now would be one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.identity.planned_profiles_sql import CHANGES, MOVES
from segmentloom_sync.warehouse.base import Area, Statement, Warehouse

KINDS: Final = ("merge", "split", "rename", "gone", "new")
MAP: Final = "int_segmentloom__identity_map"

_SHOWN_IDENTIFIERS: Final = 8


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What would become of a profile, or of a part of it.

    Attributes:
        from_profile_id: the profile as it is; None for one that is new.
        to_profile_id: the profile that its identifiers would be in; None when they would be in none.
        identifiers: how many of them.
        into_identifiers: how many that profile would have.
        by_type: how many of each type would move.
        examples: some that would move. Personal data.
    """

    kind: str
    from_profile_id: str | None
    to_profile_id: str | None
    identifiers: int
    into_identifiers: int
    by_type: dict[str, int] = field(default_factory=dict)
    examples: tuple[Identifier, ...] | None = None

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`; identifiers only when they were asked for."""
        return {
            "from": self.from_profile_id,
            "to": self.to_profile_id,
            "identifiers": self.identifiers,
            "into_identifiers": self.into_identifiers,
            "by_type": dict(self.by_type),
            **(
                {"examples": [identifier.document() for identifier in self.examples]}
                if self.examples is not None
                else {}
            ),
        }


class Totals(NamedTuple):
    """How many there are, or would be."""

    profiles: int
    quarantined: int
    identifiers: int


@dataclass(frozen=True, slots=True)
class ProfileChanges:
    """All of them, counted, and the largest of each kind.

    Attributes:
        counts: profiles by kind; of splits the profiles that would lose a part.
    """

    before: Totals
    after: Totals
    counts: Mapping[str, int]
    largest: Mapping[str, Sequence[ProfileChange]]

    @property
    def is_empty(self) -> bool:
        """Whether every profile would stay as it is."""
        return not any(self.counts.values()) and self.before == self.after

    def document(self) -> dict[str, Any]:
        """Its part of `--json`."""
        before, after = self.before._asdict(), self.after._asdict()
        totals = {name: {"before": before[name], "after": after[name]} for name in before}
        totals["profiles"].update(self.counts)
        return {
            **totals,
            **{f"{kind}s": [one.document() for one in self.largest[kind]] for kind in KINDS[:3]},
        }


def profile_changes(warehouse: Warehouse, limit: int, show: int) -> ProfileChanges:
    """Compare the map with that of the shadow.

    Args:
        limit: how many of each kind are listed, the largest first.
        show: how many of these get examples of their identifiers.
    """
    live = warehouse.relation(MAP)
    moves = warehouse.scratch_table_as(
        "identity_plan_moves",
        "plan",
        Statement(MOVES.format(live=live, planned=warehouse.relation(MAP, "plan"))),
    )
    changes = warehouse.scratch_table_as(
        "identity_plan_changes", "plan", Statement(CHANGES.format(live=live, moves=moves))
    )
    try:
        counts = _counts(warehouse, changes)
        before, after = _totals(warehouse, ""), _totals(warehouse, "plan")
        largest = {kind: _largest(warehouse, moves, changes, kind, limit, show) for kind in KINDS[:3]}
    finally:
        warehouse.drop(changes)
        warehouse.drop(moves)
    return ProfileChanges(before, after, counts, largest)


def _counts(warehouse: Warehouse, changes: str) -> dict[str, int]:
    rows = warehouse.rows(
        f"""
        select
            kind,
            count(distinct coalesce(from_profile_id, to_profile_id)) as profiles
        from {changes} as changes
        group by 1
        """
    )
    found = {str(kind): int(number) for kind, number in rows}
    return {kind: found.get(kind, 0) for kind in KINDS}


def _totals(warehouse: Warehouse, area: Area) -> Totals:
    [(profiles, quarantined)] = warehouse.rows(
        "select count(*), sum(case when is_quarantined then 1 else 0 end)"
        f" from {warehouse.relation('profiles', area)}"
    )
    [(identifiers,)] = warehouse.rows(f"select count(*) from {warehouse.relation(MAP, area)}")
    return Totals(int(profiles), int(quarantined or 0), int(identifiers))


def _largest(
    warehouse: Warehouse, moves: str, changes: str, kind: str, limit: int, show: int
) -> list[ProfileChange]:
    rows = warehouse.rows(
        f"""
        with

        largest as (

            select *
            from {changes} as changes
            where kind = :kind
            order by identifiers desc, from_profile_id, to_profile_id
            limit {int(limit)}

        )

        select
            largest.from_profile_id,
            largest.to_profile_id,
            largest.identifiers,
            profiles.identifier_count,
            moves.identifier_type,
            count(*)
        from largest
        inner join {moves} as moves
            on
                largest.from_profile_id = moves.from_profile_id
                and largest.to_profile_id = moves.to_profile_id
        left join {warehouse.relation("profiles", "plan")} as profiles
            on largest.to_profile_id = profiles.profile_id
        group by 1, 2, 3, 4, 5
        order by 3 desc, 1, 2, 6 desc, 5
        """,
        kind=kind,
    )
    found: dict[tuple[str, str], ProfileChange] = {}
    for origin, destination, identifiers, size, type_, number in rows:
        ends = str(origin), str(destination)
        if ends not in found:
            examples = _examples(warehouse, moves, *ends) if len(found) < show else None
            found[ends] = ProfileChange(kind, *ends, int(identifiers), int(size or 0), {}, examples)
        found[ends].by_type[str(type_)] = int(number)
    return list(found.values())


def _examples(warehouse: Warehouse, moves: str, origin: str, destination: str) -> tuple[Identifier, ...]:
    rows = warehouse.rows(
        f"""
        select identifier_type, identifier_value
        from {moves} as moves
        where
            from_profile_id = :origin
            and to_profile_id = :destination
        order by first_seen_at, identifier_type, identifier_value
        limit {_SHOWN_IDENTIFIERS}
        """,
        origin=origin,
        destination=destination,
    )
    return tuple(Identifier(str(kind), str(value)) for kind, value in rows)
