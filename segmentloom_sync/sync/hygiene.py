"""How many members of a list have no usable identifier, and why: counted in the warehouse, before hashing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.sync.sendable import kind_parameters, sendable_query
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Statement, Warehouse

CAUSES: Final = ("missing", "malformed", "placeholder", "double_hashed", "no_country_code")
"""Why a member has no identifier of a kind. What only the platform's own rule refuses is malformed."""
NEEDED: Final = (
    "profiles",
    "identifiers",
    "hashed_identifiers",
    "identifier_problems",
    "audience_membership",
)

_COUNTS: Final = """
    with

    usable as (

        select
            hashed.identifier_type,
            count(*) as members  -- a profile has one identifier of a type under a rule
        from {hashed_identifiers} as hashed
        where
            hashed.hash_rule = :hash_rule
            and hashed.identifier_type in ({named})
            and hashed.profile_id in (select eligible.profile_id from {eligible} as eligible)
        group by hashed.identifier_type

    )

    select
        kinds.identifier_type,
        everybody.members,
        coalesce(usable.members, 0) as usable
    from (
        {kinds}
    ) as kinds
    cross join (select count(*) as members from {eligible} as eligible) as everybody
    left join usable on kinds.identifier_type = usable.identifier_type
"""

# The problems are a view, which looks at every address: of those only that are in question.
_CAUSES: Final = """
    with

    lacking as (

        select
            eligible.profile_id,
            kinds.identifier_type
        from {eligible} as eligible
        cross join (
            {kinds}
        ) as kinds
        left join (
            select
                hashed.profile_id,
                hashed.identifier_type
            from {hashed_identifiers} as hashed
            where
                hashed.hash_rule = :hash_rule
                and hashed.identifier_type in ({named})
        ) as usable
            on
                eligible.profile_id = usable.profile_id
                and kinds.identifier_type = usable.identifier_type
        where usable.profile_id is null

    )

    select
        lacking.identifier_type,
        {causes}
    from lacking
    left join {identifier_problems} as problems
        on
            lacking.profile_id = problems.profile_id
            and lacking.identifier_type = problems.identifier_type
    group by lacking.identifier_type
"""
_CAUSE: Final = (
    "sum(case when coalesce(problems.problem, 'malformed') = '{cause}' then 1 else 0 end) as {cause}"
)


@dataclass(frozen=True, slots=True)
class IdentifierCounts:
    """The members of a list that may be sent, by what identifier of a kind they have.

    Attributes:
        members: who may be sent: not opted out, not quarantined, with the consent that is asked for.
        usable: those with an identifier of the kind that the platform takes.
        causes: the others by what is wrong; see `CAUSES`.
    """

    audience: str
    destination: str
    list_name: str
    identifier_type: str
    members: int
    usable: int
    causes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Observation:
    """What a run found of a list and a kind of identifier."""

    observed_at: datetime
    counts: IdentifierCounts = field(repr=False)


def count_identifiers(warehouse: Warehouse, target: SyncTarget) -> list[IdentifierCounts]:
    """Count the published members of a list now, for each kind that the audience sends; writes nothing."""
    return identifier_counts(warehouse, target, sendable_query(warehouse, target))


def store_identifier_counts(
    warehouse: Warehouse, clock: Clock, run_id: str, counted: Sequence[IdentifierCounts]
) -> None:
    """Append what a run found of a list."""
    statements = []
    for counts in counted:
        row = {
            "destination": counts.destination,
            "list_name": counts.list_name,
            "audience": counts.audience,
            "run_id": run_id,
            "observed_at": clock.now(),
            "identifier_type": counts.identifier_type,
            "members": counts.members,
            "usable": counts.usable,
            **counts.causes,
        }
        table = warehouse.relation("identifier_counts", "sync")
        values = ", ".join(f":{name}" for name in row)
        statements.append(Statement(f"insert into {table} ({', '.join(row)}) values ({values})", row))
    warehouse.apply(statements)


def observations(warehouse: Warehouse) -> list[Observation]:
    """What all runs found, by audience, destination, list and kind, the oldest first."""
    return _observations(warehouse) if warehouse.exists("identifier_counts", "sync") else []


def _observations(warehouse: Warehouse, where: str = "", **parameters: str) -> list[Observation]:
    rows = warehouse.rows(
        f"""
        select
            audience,
            destination,
            list_name,
            identifier_type,
            observed_at,
            members,
            usable,
            {", ".join(CAUSES)}
        from {warehouse.relation("identifier_counts", "sync")}
        {where}
        order by
            audience,
            destination,
            list_name,
            identifier_type,
            observed_at
        """,
        **parameters,
    )
    return [
        Observation(
            observed_at,
            IdentifierCounts(
                str(audience), str(destination), str(name), str(kind), *_numbers(members, usable, causes)
            ),
        )
        for audience, destination, name, kind, observed_at, members, usable, *causes in rows
    ]


def identifier_counts(
    warehouse: Warehouse, target: SyncTarget, eligible: Statement, *, hashed: str | None = None
) -> list[IdentifierCounts]:
    """Count for each kind; why some have none is asked where there are such.

    Args:
        eligible: a query of `profile_id`: who may be sent.
        hashed: a relation of what the hashed identifiers say of them. Default: all there are.
    """
    given = {
        **eligible.parameters,
        **kind_parameters(target),
        "hash_rule": target.destination.hash_rule,
    }
    names = {
        "eligible": f"({eligible.sql})",
        "kinds": " union all ".join(f"select :{name} as identifier_type" for name in kind_parameters(target)),
        "named": ", ".join(f":{name}" for name in kind_parameters(target)),
        "hashed_identifiers": hashed or warehouse.relation("hashed_identifiers"),
        "identifier_problems": warehouse.relation("identifier_problems"),
        "causes": ",\n        ".join(_CAUSE.format(cause=cause) for cause in CAUSES),
    }
    found = {
        str(kind): (int(members), int(usable))
        for kind, members, usable in warehouse.rows(_COUNTS.format(**names), **given)
    }
    causes: dict[str, Sequence[Any]] = {}
    if any(usable < members for members, usable in found.values()):
        causes = {str(kind): numbers for kind, *numbers in warehouse.rows(_CAUSES.format(**names), **given)}
    place = (target.audience, target.destination_name, target.list_name)
    return [
        IdentifierCounts(*place, kind, *_numbers(*found[kind], causes.get(kind, [0] * len(CAUSES))))
        for kind in target.identifier_types
    ]


def counted_by(warehouse: Warehouse, target: SyncTarget, run_id: str) -> list[IdentifierCounts] | None:
    """What a run found of each kind that is sent; empty where none is counted, None where it found less."""
    if not warehouse.exists("identifier_problems"):
        return []
    found = {
        entry.counts.identifier_type: entry.counts
        for entry in _observations(warehouse, "where run_id = :run_id", run_id=run_id)
        if (entry.counts.destination, entry.counts.list_name) == (target.destination_name, target.list_name)
    }
    if not found.keys() >= set(target.identifier_types):
        return None
    return [found[kind] for kind in target.identifier_types]


def summed(
    former: Sequence[IdentifierCounts],
    added: Sequence[IdentifierCounts],
    taken: Sequence[IdentifierCounts],
) -> list[IdentifierCounts]:
    """The counts with some people added and others taken away."""
    return [
        replace(
            before,
            members=before.members + more.members - less.members,
            usable=before.usable + more.usable - less.usable,
            causes={name: before.causes[name] + more.causes[name] - less.causes[name] for name in CAUSES},
        )
        for before, more, less in zip(former, added, taken, strict=True)
    ]


def _numbers(members: Any, usable: Any, causes: Sequence[Any]) -> tuple[int, int, dict[str, int]]:
    named = {name: int(number or 0) for name, number in zip(CAUSES, causes, strict=True)}
    return int(members or 0), int(usable or 0), named
