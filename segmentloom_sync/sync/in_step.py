"""What a list was brought into step with, so that the next run looks only at what changed since.

All of what a plan goes by is accounted for: builds of profiles and of their hashes, privacy requests and
settings by a text that has to be the same; membership by its log, whose entries since then have to explain
the number of members; the ledger by its fencing token, as only runs change it. Where an account is missing
or does not add up, everybody is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from segmentloom_sync import __version__
from segmentloom_sync.sync.changed_profiles import built_entries
from segmentloom_sync.sync.evaluations import published_evaluation
from segmentloom_sync.sync.in_step_sql import LOGGED, MEMBERSHIP, UNSETTLED
from segmentloom_sync.sync.plan_counts_sql import LEDGER_SIZE
from segmentloom_sync.sync.refusals import refusal_basis
from segmentloom_sync.sync.session import SyncSession
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse

LOG = "audience_membership_log"


@dataclass(frozen=True, slots=True)
class Mark:
    """Where all stands that a plan goes by.

    Attributes:
        basis: equal texts say that profiles, hashes, requests and settings are the same.
        evaluated_at: of when the published members are.
        members: how many they are.
        logged: the entries of their log.
    """

    basis: str
    evaluated_at: datetime
    members: int
    logged: int


@dataclass(frozen=True, slots=True)
class Step:
    """What a run has brought a list into step with.

    Attributes:
        identifiers: those of the ledger then.
    """

    run_id: str
    mark: Mark
    identifiers: int


def mark_of(warehouse: Warehouse, target: SyncTarget) -> Mark | None:
    """Where all stands now; taken before a plan is made. None where that is not accounted for.

    Raises:
        WarehouseError: the warehouse refuses the queries.
    """
    built = refusal_basis(warehouse)
    evaluated_at = published_evaluation(warehouse, target.audience, None)
    if built is None or evaluated_at is None or not warehouse.exists(LOG):
        return None
    parts = (
        __version__,
        built,
        built_entries(warehouse),
        target.audience,
        target.destination.hash_rule,
        target.consent_rule,
        *target.identifier_types,
    )
    members, _ = membership_since(warehouse, target, evaluated_at)
    logged, _ = logged_since(warehouse, target, evaluated_at)
    return Mark(sha256("\n".join(parts).encode()).hexdigest(), evaluated_at, members, logged)


def membership_since(warehouse: Warehouse, target: SyncTarget, since: datetime) -> tuple[int, int]:
    """How many members there are, and how many of them entered after a moment."""
    sql = MEMBERSHIP.format(membership=warehouse.relation("audience_membership"))
    [(members, entered)] = warehouse.rows(sql, audience=target.audience, since=since)
    return int(members), int(entered or 0)


def logged_since(warehouse: Warehouse, target: SyncTarget, since: datetime) -> tuple[int, int]:
    """How many entries the log of an audience has, and how many of them are of after a moment."""
    sql = LOGGED.format(log=warehouse.relation(LOG))
    [(logged, entries)] = warehouse.rows(sql, audience=target.audience, since=since)
    return int(logged), int(entries or 0)


def last_step(session: SyncSession) -> Step | None:
    """What the run before this one has brought the list into step with; None where it has not."""
    rows = session.rows(
        _STEP,
        {"in_step": session.warehouse.relation("in_step", "sync")},
        former_token=session.lease.token - 1,
    )
    if len(rows) != 1:
        return None
    [(run_id, basis, evaluated_at, members, logged, identifiers)] = rows
    mark = Mark(str(basis), evaluated_at, int(members), int(logged))
    return Step(str(run_id), mark, int(identifiers))


def ledger_size(session: SyncSession) -> int:
    """The rows of the list."""
    [(identifiers, _)] = session.rows(LEDGER_SIZE)
    return int(identifiers)


def record_step(session: SyncSession, mark: Mark, wanted: int) -> None:
    """Write that the list is in step, where its ledger says so.

    Args:
        mark: as it was before the plan was made.
        wanted: identifiers that the list shall hold.

    Raises:
        TryAgainLater: another run has taken the lease over; nothing was written.
    """
    [(unsettled,)] = session.rows(UNSETTLED)
    if int(unsettled) or ledger_size(session) != wanted:
        return
    names = {"in_step": session.warehouse.relation("in_step", "sync")}
    values = {
        "list_name": session.audience_list.name,
        "audience": session.target.audience,
        "basis": mark.basis,
        "evaluated_at": mark.evaluated_at,
        "members": mark.members,
        "logged": mark.logged,
        "identifiers": wanted,
    }
    session.apply([session.statement(text, names, **values) for text in (_FORGET, _RECORD)])


_STEP = """
select
    run_id,
    basis,
    evaluated_at,
    members,
    logged,
    identifiers
from {in_step}
where
    destination = :destination
    and list_id = :list_id
    and fencing_token = :former_token
"""

_FORGET = """
delete from {in_step}
where
    destination = :destination
    and list_id = :list_id
    and {lease}
"""

_RECORD = """
insert into {in_step} (
    destination, list_id, list_name, audience, run_id, fencing_token, basis, evaluated_at, members, logged,
    identifiers, recorded_at
)
select
    :destination, :list_id, :list_name, :audience, :run_id, :token, :basis, :evaluated_at, :members, :logged,
    :identifiers, :now
from (select 1 as one) as single
where {lease}
"""
