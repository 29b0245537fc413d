"""What a saved plan was computed from: whatever of it moves makes the plan void."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from pydantic import BaseModel, ConfigDict

from segmentloom_sync.sync.changed_profiles import built_profiles
from segmentloom_sync.sync.evaluations import published_evaluation
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.dbt_types import DBT_TYPES

_ROWS_PER_BATCH = 50_000


class ListSettings(BaseModel):
    """The settings that decide what a list gets. `destination` is a digest of the other settings there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    identifier_types: tuple[str, ...]
    consent: str
    max_removal_percent: float
    batch_size: int
    destination: str


class Basis(BaseModel):
    """What a change of one list was computed from.

    Attributes:
        evaluated_at: of when the published members are.
        profiles: how far profiles and their hashed identifiers were built.
        list_id: the list at the platform; None while none is remembered.
        fencing_token: of the newest run on the list; only runs change the ledger, each with a greater one.
        privacy_requests: a digest of all that were made, and of which of them bar anybody still.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    evaluated_at: datetime | None
    profiles: str
    list_id: str | None
    fencing_token: int
    privacy_requests: str
    settings: ListSettings


def basis_of(
    warehouse: Warehouse, target: SyncTarget, list_id: str | None, *, fencing_token: int | None = None
) -> Basis:
    """What a change of a list is computed from now.

    Args:
        list_id: the remembered list.
        fencing_token: of the newest run before the one that asks; default: as the leases say.
    """
    return Basis(
        evaluated_at=published_evaluation(warehouse, target.audience, None),
        profiles=built_profiles(warehouse),
        list_id=list_id,
        fencing_token=_newest_token(warehouse, target) if fencing_token is None else fencing_token,
        privacy_requests=_requests_digest(warehouse),
        settings=ListSettings(
            type=target.destination.type,
            identifier_types=target.identifier_types,
            consent=target.consent_rule,
            max_removal_percent=target.max_removal_percent,
            batch_size=target.destination.batch_size,
            destination=target.settings_digest,
        ),
    )


def moves(planned: Basis, now: Basis) -> list[str]:
    """What moved since, in words; empty when nothing did."""
    found = []
    if planned.evaluated_at != now.evaluated_at:
        found.append(
            f"the audience was evaluated at {_at(now.evaluated_at)}, not {_at(planned.evaluated_at)}"
        )
    if planned.profiles != now.profiles:
        found.append("profiles or their identifiers were built since")
    if planned.privacy_requests != now.privacy_requests:
        found.append("privacy requests were made since")
    if planned.fencing_token != now.fencing_token:
        found.append("another run has worked on the list since")
    if planned.list_id != now.list_id:
        found.append("the list at the platform is another one")
    before, after = planned.settings.model_dump(), now.settings.model_dump()
    found += [
        f"{name} was {_shown(before[name])} and is {_shown(after[name])}"
        for name in before
        if before[name] != after[name] and name != "destination"
    ]
    if before["destination"] != after["destination"]:
        found.append("the destination's settings changed")
    return found


def _newest_token(warehouse: Warehouse, target: SyncTarget) -> int:
    leases = warehouse.relation("leases", "sync")
    return _number(
        warehouse,
        f"select coalesce(max(fencing_token), 0) from {leases} where lease_key = :lease_key",
        lease_key=target.key,
    )


def _requests_digest(warehouse: Warehouse) -> str:
    """Equal where the same requests were made and bar as many digests."""
    query = f"""
        select
            requests.request_id || ' ' || requests.request_type || ' '
            || cast(count(suppressions.digest) as {DBT_TYPES[warehouse.engine]["string"]}) as line
        from {warehouse.relation("requests", "privacy")} as requests
        left join {warehouse.relation("suppressions", "privacy")} as suppressions
            on
                requests.request_id = suppressions.request_id
                and suppressions.released_at is null
        group by requests.request_id, requests.request_type
        order by 1
        """
    total = sha256()
    for rows in warehouse.batches(query, _ROWS_PER_BATCH):
        total.update("".join(f"{line}\n" for line in rows.column(0).to_pylist()).encode())
    return total.hexdigest()


def _number(warehouse: Warehouse, query: str, **parameters: str) -> int:
    [(number,)] = warehouse.rows(query, **parameters)
    return int(number)


def _at(moment: datetime | None) -> str:
    return moment.isoformat() if moment else "any time"


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
