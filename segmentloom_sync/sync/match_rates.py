"""What the platforms report about matching, stored with time and source; nothing here is estimated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from segmentloom_sync.destinations.base import AudienceList, Clock, MatchRate
from segmentloom_sync.sync.session import SyncSession
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Statement, Warehouse


def store(
    warehouse: Warehouse,
    clock: Clock,
    target: SyncTarget,
    audience_list: AudienceList,
    rates: Sequence[MatchRate],
) -> None:
    """Append what a platform reported of a list."""
    warehouse.apply([_insert(warehouse, clock, target, audience_list, rate) for rate in rates])


def of_request(session: SyncSession, rates: Sequence[MatchRate], request_id: str) -> list[Statement]:
    """Statements that append what a platform reported of a request, while the lease is held."""
    found = []
    for rate in rates:
        insert = _insert(
            session.warehouse, session.clock, session.target, session.audience_list, rate, request_id
        )
        condition = f" where {session.lease.condition}"
        found.append(Statement(insert.sql + condition, {**insert.parameters, **session.lease.parameters}))
    return found


def reported(warehouse: Warehouse) -> list[dict[str, Any]]:
    """The newest report of each list, source and identifier kind, by destination and list.

    Each has under `history` what was reported before, itself included, the oldest first.
    """
    if not warehouse.exists("match_rates", "sync"):
        return []
    rows = warehouse.rows(
        f"""
        select
            rates.audience,
            rates.destination,
            rates.list_name,
            rates.kind,
            rates.source,
            rates.identifier_type,
            rates.lower_bound,
            rates.upper_bound,
            rates.matched,
            rates.submitted,
            rates.observed_at,
            rates.list_id
        from {warehouse.relation("match_rates", "sync")} as rates
        order by
            rates.destination,
            rates.list_name,
            rates.source,
            coalesce(rates.identifier_type, ''),
            rates.observed_at
        """
    )
    series: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for *values, list_id in rows:
        report = dict(zip(_KEYS, values, strict=True))
        key = (report["destination"], list_id, report["source"], report["identifier_type"])
        series.setdefault(key, []).append(report)
    return [
        {**reports[-1], "history": [{name: report[name] for name in _HISTORY} for report in reports]}
        for reports in series.values()
    ]


_KEYS = (
    "audience",
    "destination",
    "list",
    "kind",
    "source",
    "identifier_type",
    "lower",
    "upper",
    "matched",
    "submitted",
    "observed_at",
)
_HISTORY = ("observed_at", "lower", "upper", "matched", "submitted")


def describe(rate: dict[str, Any]) -> str:
    """A stored report in the platform's own terms: a range stays a range."""
    lower, upper = rate["lower"], rate["upper"]
    if rate["matched"] is not None and rate["submitted"] is not None:
        return f"{rate['matched']:,} of {rate['submitted']:,}"
    if rate["matched"] is not None:
        return f"{rate['matched']:,} matched"
    unit = "" if rate["kind"] == "bounds" else " %"
    if lower is None and upper is None:
        return "not reported"
    if lower is None:
        return f"below {upper:,.0f}{unit}"
    if upper is None:
        return f"above {lower:,.0f}{unit}"
    return f"{lower:,.0f}{unit}" if lower == upper else f"{lower:,.0f} to {upper:,.0f}{unit}"


def _insert(
    warehouse: Warehouse,
    clock: Clock,
    target: SyncTarget,
    audience_list: AudienceList,
    rate: MatchRate,
    request_id: str = "",
) -> Statement:
    values: dict[str, str | int | float | datetime | None] = {
        "destination": target.destination_name,
        "list_id": audience_list.id,
        "list_name": audience_list.name,
        "audience": target.audience,
        "observed_at": clock.now(),
        "kind": rate.kind,
        "source": rate.source,
        "identifier_type": rate.identifier_type,
        "lower_bound": rate.lower,
        "upper_bound": rate.upper,
        "matched": rate.matched,
        "submitted": rate.submitted,
        "request_id": request_id,
    }
    given = {name: value for name, value in values.items() if value is not None}
    columns, markers = ", ".join(given), ", ".join(f":{name}" for name in given)
    return Statement(
        f"insert into {warehouse.relation('match_rates', 'sync')} ({columns}) "
        f"select {markers} from (select 1 as one) as single",
        given,
    )
