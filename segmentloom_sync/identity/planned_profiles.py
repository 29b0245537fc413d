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
from segmentloom_sync.warehouse.base import Area, Statement, Warehouse

KINDS: Final = ("merge", "split", "rename", "gone", "new")
MAP: Final = "int_segmentloom__identity_map"

_SHOWN_IDENTIFIERS: Final = 8

MOVES = """
with

present as (

    select
        coalesce(live.identifier_key, planned.identifier_key) as identifier_key,
        coalesce(live.identifier_type, planned.identifier_type) as identifier_type,
        coalesce(live.identifier_value, planned.identifier_value) as identifier_value,
        coalesce(planned.first_seen_at, live.first_seen_at) as first_seen_at,
        live.profile_id as from_profile_id,
        planned.profile_id as to_profile_id,
        case when live.identifier_key = live.component_key then 0 else 1 end as is_younger
    from {live} as live
    full outer join {planned} as planned on live.identifier_key = planned.identifier_key

),

touched as (

    select distinct from_profile_id
    from present
    where
        from_profile_id is not null
        and coalesce(to_profile_id, '') <> from_profile_id

)

select present.*
from present
left join touched on present.from_profile_id = touched.from_profile_id
where
    present.from_profile_id is null
    or touched.from_profile_id is not null
"""
"""Identifiers of profiles that would not stay as they are, and those that would be new."""

CHANGES = """
with

heirs as (

    select
        from_profile_id,
        to_profile_id,
        first_seen_at,
        identifier_type,
        identifier_value
    from {moves} as moves
    where
        from_profile_id is not null
        and to_profile_id is not null
    qualify row_number() over (
        partition by from_profile_id
        order by is_younger, first_seen_at, identifier_type, identifier_value
    ) = 1

),

lives as (

    select distinct profile_id from {live} as live

),

renames as (

    select heirs.from_profile_id
    from heirs
    left join lives on heirs.to_profile_id = lives.profile_id
    where lives.profile_id is null
    qualify row_number() over (
        partition by heirs.to_profile_id
        order by heirs.first_seen_at, heirs.identifier_type, heirs.identifier_value
    ) = 1

),

parts as (

    select
        from_profile_id,
        to_profile_id,
        count(*) as identifiers
    from {moves} as moves
    group by 1, 2

),

final as (

    select
        case
            when parts.from_profile_id is null then 'new'
            when parts.to_profile_id <> heirs.to_profile_id then 'split'
            when renames.from_profile_id is not null then 'rename'
            else 'merge'
        end as kind,
        parts.from_profile_id,
        parts.to_profile_id,
        parts.identifiers
    from parts
    left join heirs on parts.from_profile_id = heirs.from_profile_id
    left join renames on parts.from_profile_id = renames.from_profile_id
    where
        parts.to_profile_id is not null
        and (parts.from_profile_id is null or parts.from_profile_id <> parts.to_profile_id)
        and (
            parts.from_profile_id is not null
            or parts.to_profile_id not in (
                select to_profile_id
                from parts
                where
                    from_profile_id is not null
                    and to_profile_id is not null
                union all
                select profile_id from lives
            )
        )

    union all

    select
        'gone' as kind,
        parts.from_profile_id,
        parts.to_profile_id,
        parts.identifiers
    from parts
    left join heirs on parts.from_profile_id = heirs.from_profile_id
    where
        parts.from_profile_id is not null
        and parts.to_profile_id is null
        and heirs.from_profile_id is null

)

select * from final
"""


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
