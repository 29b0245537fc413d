"""How many members of a list have no usable identifier, and why: counted in the warehouse, before hashing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.privacy.suppressed import suppressed_profiles
from segmentloom_sync.sync.plan import published_members
from segmentloom_sync.sync.plan_sql import consent_condition
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
    select
        kinds.identifier_type,
        count(eligible.profile_id) as members,
        count(hashed.profile_id) as usable,
        {causes}
    from (
        {kinds}
    ) as kinds
    left join (
        select profiles.profile_id
        from {profiles} as profiles
        inner join ({members}) as members on profiles.profile_id = members.profile_id
        where
            not coalesce(profiles.is_quarantined, false)
            and not coalesce(profiles.is_opted_out, false)
            and profiles.profile_id not in ({suppressed_profiles}){consent}
    ) as eligible on true
    left join (
        select distinct
            profile_id,
            identifier_type
        from {hashed_identifiers}
        where
            hash_rule = :hash_rule
            and identifier_type in ({named})
    ) as hashed
        on
            eligible.profile_id = hashed.profile_id
            and kinds.identifier_type = hashed.identifier_type
    left join (
        select
            profile_id,
            identifier_type,
            problem
        from {identifier_problems}
        where identifier_type in ({named})
    ) as problems
        on
            eligible.profile_id = problems.profile_id
            and kinds.identifier_type = problems.identifier_type
    group by kinds.identifier_type
"""
_CAUSE: Final = """sum(
            case
                when
                    eligible.profile_id is not null
                    and hashed.profile_id is null
                    and coalesce(problems.problem, 'malformed') = '{cause}'
                    then 1
                else 0
            end
        ) as {cause}"""


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
    query = _query(warehouse, target)
    found = {str(kind): numbers for kind, *numbers in warehouse.rows(query.sql, **query.parameters)}
    return [_counts(target, kind, found[kind]) for kind in target.identifier_types]


def store_identifier_counts(warehouse: Warehouse, clock: Clock, target: SyncTarget, run_id: str) -> None:
    """Append what is so now, all within the warehouse; nothing where dbt has not built the problems yet."""
    if not warehouse.exists("identifier_problems"):
        return
    query = _query(warehouse, target)
    columns = ["identifier_type", "members", "usable", *CAUSES]
    given = {
        "destination": target.destination_name,
        "list_name": target.list_name,
        "audience": target.audience,
        "run_id": run_id,
        "observed_at": clock.now(),
    }
    # The query binds :audience, too: it is the same.
    warehouse.execute(
        f"""
        insert into {warehouse.relation("identifier_counts", "sync")} ({", ".join([*given, *columns])})
        select {", ".join([*(f":{name}" for name in given), *columns])}
        from ({query.sql}) as counts
        """,
        **{**query.parameters, **given},
    )


def observations(warehouse: Warehouse) -> list[Observation]:
    """What all runs found, by audience, destination, list and kind, the oldest first."""
    if not warehouse.exists("identifier_counts", "sync"):
        return []
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
        order by
            audience,
            destination,
            list_name,
            identifier_type,
            observed_at
        """
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


def _query(warehouse: Warehouse, target: SyncTarget) -> Statement:
    members = published_members(warehouse, target.audience)
    kinds = {f"kind_{position}": kind for position, kind in enumerate(target.identifier_types)}
    sql = _COUNTS.format(
        causes=",\n        ".join(_CAUSE.format(cause=cause) for cause in CAUSES),
        kinds=" union all ".join(f"select :{name} as identifier_type" for name in kinds),
        named=", ".join(f":{name}" for name in kinds),
        members=members.sql,
        profiles=warehouse.relation("profiles"),
        suppressed_profiles=suppressed_profiles(
            warehouse, f"identifiers.profile_id in (select listed.profile_id from ({members.sql}) as listed)"
        ),
        hashed_identifiers=warehouse.relation("hashed_identifiers"),
        identifier_problems=warehouse.relation("identifier_problems"),
        consent=consent_condition(target.consent_rule),
    )
    return Statement(sql, {**members.parameters, **kinds, "hash_rule": target.destination.hash_rule})


def _counts(target: SyncTarget, kind: str, numbers: Sequence[Any]) -> IdentifierCounts:
    members, usable, *causes = numbers
    place = (target.audience, target.destination_name, target.list_name, kind)
    return IdentifierCounts(*place, *_numbers(members, usable, causes))


def _numbers(members: Any, usable: Any, causes: Sequence[Any]) -> tuple[int, int, dict[str, int]]:
    named = {name: int(number or 0) for name, number in zip(CAUSES, causes, strict=True)}
    return int(members or 0), int(usable or 0), named
