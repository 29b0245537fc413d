"""How far each request has come: an opt-out is done when no list may hold the person any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.privacy.request import Request
from segmentloom_sync.privacy.suppressed import names
from segmentloom_sync.sync.absent_tables import with_absent_tables
from segmentloom_sync.warehouse.base import Warehouse

_STATUS = """
with

barring as (

    select
        suppressions.request_id,
        suppressions.digest
    from {suppressions} as suppressions
    where suppressions.released_at is null

),

held as (

    select
        barring.request_id,
        keyed.destination,
        keyed.list_id
    from (
        select
            entries.destination,
            entries.list_id,
            {digest_of_hash} as digest
        from {ledger} as entries
        cross join {suppression_keys} as keys
    ) as keyed
    inner join barring on keyed.digest = barring.digest

    union all

    select
        barring.request_id,
        ledger.destination,
        ledger.list_id
    from (
        select
            digests.profile_id,
            digests.digest
        from {identifier_digests} as digests

        union all

        select
            resolved.profile_id,
            resolved.digest
        from {suppressed_profiles} as resolved
        where resolved.key_id not in (select digests.key_id from {identifier_digests} as digests)
    ) as keyed
    inner join barring on keyed.digest = barring.digest
    inner join {ledger} as ledger on keyed.profile_id = ledger.member_key

),

open_requests as (

    select
        request_id,
        count(distinct destination || '/' || list_id) as lists
    from held
    group by 1

)

select
    requests.request_id,
    requests.request_type,
    requests.requested_at,
    requests.requested_by,
    requests.identifier_type,
    requests.is_profile_known,
    coalesce(open_requests.lists, 0) as lists
from {requests} as requests
left join open_requests on requests.request_id = open_requests.request_id
where {which}
order by
    requests.requested_at,
    requests.request_id
"""


@dataclass(frozen=True, slots=True)
class RequestState(Request):
    """One request.

    Attributes:
        lists: lists that may hold the person still; the next runs remove them.
    """

    lists: int

    @property
    def status(self) -> Literal["in_progress", "completed"]:
        """Completed once no list may hold the person."""
        return "in_progress" if self.lists else "completed"

    def document(self) -> dict[str, Any]:
        """Its keys in `privacy status --json`."""
        return {**Request.document(self), "status": self.status, "lists_that_may_hold": self.lists}


def request_states(warehouse: Warehouse, request_id: str | None = None) -> list[RequestState]:
    """All requests, the oldest first, or one; nothing is written.

    Raises:
        ConfigError: there is no such request.
    """
    rows: list[tuple[Any, ...]] = []
    if warehouse.exists("requests", "privacy"):
        tables = with_absent_tables(warehouse)
        sql = _STATUS.format(
            **names(tables),
            ledger=tables.relation("ledger", "sync"),
            requests=tables.relation("requests", "privacy"),
            which="requests.request_id = :request_id" if request_id else "true",
        )
        rows = warehouse.rows(sql, **({"request_id": request_id} if request_id else {}))
    if request_id and not rows:
        raise ConfigError(
            f"there is no request {request_id}", hint="`segmentloom-sync privacy status` lists them"
        )
    return [
        RequestState(str(found), str(kind), at, str(by), str(named), bool(known), int(lists))
        for found, kind, at, by, named, known, lists in rows
    ]
