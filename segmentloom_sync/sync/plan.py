"""What must change at a list, computed in the warehouse: the wanted identifiers against the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from segmentloom_sync.privacy.suppressed import has_suppressions
from segmentloom_sync.sync.moved_sql import MOVED, OWNERS
from segmentloom_sync.sync.opted_out_sql import opted_out
from segmentloom_sync.sync.plan_counts_sql import COUNT, LEDGER_SIZE, WANTED_BY_TYPE
from segmentloom_sync.sync.plan_sql import DELTA, FIRST_DELTA
from segmentloom_sync.sync.sendable import Sendable, kind_parameters, published_members
from segmentloom_sync.sync.sendable_sql import INLINE, LISTED, OF_LIST, PREPARED, ROW_MOVED, consent_condition
from segmentloom_sync.sync.target import MIN_REMOVALS, SyncTarget
from segmentloom_sync.warehouse.base import Statement, Warehouse

UNCONFIRMED = timedelta(hours=24)
"""How long an asynchronous request may stay without an answer before its rows are sent again."""

RENEWAL_LEAD = timedelta(days=30)
"""How long before the platform forgets a member it is added again."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """The size of a change. `adds` and `removes` are identifiers, `members_*` are profiles.

    Attributes:
        held: identifiers that the list may hold before the change.
        wanted: identifiers that it shall hold.
        private_removes: removals for privacy (see `delta`); no guard stops them.
        new_removes: removals, private ones not counted, that no earlier run has let through already.
        forgets: identifiers that are no longer wanted and that no call can have put on the list.
        people: profiles whose identifiers the list shall hold; None where the rows to keep are not counted.
    """

    adds: int
    removes: int
    members_added: int
    members_removed: int
    private_removes: int
    new_removes: int
    forgets: int
    wanted: int
    held: int
    people: int | None = None


def delta(
    warehouse: Warehouse,
    target: SyncTarget,
    list_id: str | None,
    now: datetime,
    members: Statement | None = None,
) -> Statement:
    """A query with one row per identifier that the list holds or shall hold, and what to do about it.

    Columns: identifier_type, identifier, member_key, action (add, remove, forget, wait, keep), is_wanted,
    is_private, prior_state, may_hold, last_added_at, unexplained_failures, overtaken_run_id,
    overtaken_batch_number, batch_limit (members that may travel together, where fewer than usual).

    A removal is private when the person opted out, denied consent or is erased, or when the operator's
    consent is denied; no guard holds it, and it does not wait for an addition that the platform works on,
    which it overtakes. Many people gone at once are an accident rather than erasures: the guard's limits
    apply to them, and where nobody is wanted any more, at most half of the list may be gone.

    Args:
        list_id: None while the list does not exist.
        members: a query of profile_id; default: the published members.
    """
    members = members or published_members(warehouse, target.audience)
    sources = INLINE.format(
        members=members.sql,
        opted_out=opted_out(
            warehouse,
            LISTED.format(
                hashed_identifiers=warehouse.relation("hashed_identifiers"),
                ledger=warehouse.relation("ledger", "sync"),
                of_moved="",
                of_list=OF_LIST,
            ),
            asks_requests=has_suppressions(warehouse),
        ),
        profiles=warehouse.relation("profiles"),
        consent=consent_condition(target.consent_rule),
    )
    hashed = warehouse.relation("hashed_identifiers")
    query = _delta(warehouse, target, list_id, now, sources, DELTA, hashed)
    return Statement(query.sql, {**members.parameters, **query.parameters})


def moved_identifiers(
    warehouse: Warehouse, target: SyncTarget, list_id: str, now: datetime, sendable: Sendable
) -> Statement:
    """A query of the identifiers for which the plan may say anything else than `keep`."""
    kinds = kind_parameters(target)
    sql = MOVED.format(
        hashed_identifiers=sendable.hashed,
        ledger=warehouse.relation("ledger", "sync"),
        kinds=", ".join(f":{name}" for name in kinds),
        eligible=sendable.eligible,
        barred=sendable.barred,
    )
    return Statement(sql, _parameters(target, list_id, now))


def owners_of_moved(warehouse: Warehouse, target: SyncTarget, moved: str) -> Statement:
    """A query of the rows of the hashed identifiers that a plan of `moved_identifiers` reads."""
    sql = OWNERS.format(hashed_identifiers=warehouse.relation("hashed_identifiers"), moved=moved)
    return Statement(sql, {"hash_rule": target.destination.hash_rule})


def prepared_delta(
    warehouse: Warehouse,
    target: SyncTarget,
    list_id: str,
    now: datetime,
    sendable: Sendable,
    moved: str | None,
) -> Statement:
    """As `delta`, of people found before.

    Args:
        sendable: with `owners_of_moved` as its hashed identifiers, where `moved` is given.
        moved: a relation of `moved_identifiers`: of no others there is a row, and they are to keep; None for
            a list that holds nothing.
    """
    sources = PREPARED.format(barred=sendable.barred, eligible=sendable.eligible)
    template = DELTA if moved else FIRST_DELTA
    return _delta(warehouse, target, list_id, now, sources, template, sendable.hashed, moved)


def _delta(
    warehouse: Warehouse,
    target: SyncTarget,
    list_id: str | None,
    now: datetime,
    sources: str,
    template: str,
    hashed: str,
    moved: str | None = None,
) -> Statement:
    sql = template.format(
        sources=sources,
        profiles=warehouse.relation("profiles"),
        hashed_identifiers=hashed,
        ledger=warehouse.relation("ledger", "sync"),
        batches=warehouse.relation("batches", "sync"),
        kinds=", ".join(f":{name}" for name in kind_parameters(target)),
        is_withdrawn="true" if target.consent_rule == "nobody" else "false",
        row_moved=ROW_MOVED.format(moved=moved) if moved else "",
    )
    return Statement(sql, _parameters(target, list_id, now))


def _parameters(target: SyncTarget, list_id: str | None, now: datetime) -> dict[str, Any]:
    return {
        **kind_parameters(target),
        "hash_rule": target.destination.hash_rule,
        "destination": target.destination_name,
        "list_id": list_id or "",
        "unconfirmed_since": now - UNCONFIRMED,
        "renew_before": renew_before(target.destination.member_days, now),
        "min_removals": MIN_REMOVALS if target.trusts_absence else -1,
        "max_removal_percent": target.max_removal_percent if target.trusts_absence else -1.0,
    }


def renew_before(member_days: int | None, now: datetime) -> datetime:
    """Members added before this moment are added again, so that the platform does not forget them."""
    if member_days is None:
        return _NEVER
    lifetime = timedelta(days=member_days)
    return now - max(lifetime - RENEWAL_LEAD, lifetime / 2)


def count(
    warehouse: Warehouse,
    target: SyncTarget,
    list_id: str | None,
    relation: str,
    parameters: Mapping[str, Any] | None = None,
) -> PlanCounts:
    """Count a plan.

    Args:
        relation: a table made from `delta` (rows to keep may be left out), or the query itself in brackets.
        parameters: those of the query.
    """
    [(adds, removes, added, removed, private, new, forgets, wanted, in_ledger, people)] = [
        [int(number or 0) for number in row]
        for row in warehouse.rows(COUNT.format(relation=relation), **(parameters or {}))
    ]
    [(rows, held)] = warehouse.rows(
        LEDGER_SIZE.format(ledger=warehouse.relation("ledger", "sync")),
        destination=target.destination_name,
        list_id=list_id or "",
    )
    return PlanCounts(
        adds=adds,
        removes=removes,
        members_added=added,
        members_removed=removed,
        private_removes=private,
        new_removes=new,
        forgets=forgets,
        wanted=wanted + int(rows) - in_ledger,
        held=int(held or 0),
        people=people if in_ledger == int(rows) else None,
    )


def preview(
    warehouse: Warehouse,
    target: SyncTarget,
    list_id: str | None,
    now: datetime,
    members: Statement | None = None,
) -> PlanCounts:
    """Count what a run would do, without writing anything."""
    query = delta(warehouse, target, list_id, now, members)
    return count(warehouse, target, list_id, f"({query.sql})", query.parameters)


def wanted_by_type(
    warehouse: Warehouse, target: SyncTarget, now: datetime, members: Statement | None = None
) -> dict[str, int]:
    """How many identifiers of each kind the destination would get, every kind of the target named."""
    query = delta(warehouse, target, None, now, members)
    found = warehouse.rows(WANTED_BY_TYPE.format(relation=f"({query.sql})"), **query.parameters)
    counts = {str(kind): int(number) for kind, number in found}
    return {kind: counts.get(kind, 0) for kind in target.identifier_types}
