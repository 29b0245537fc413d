"""Who of a list has to be looked at, where it was in step and all since then is accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from segmentloom_sync.sync.hygiene import IdentifierCounts, counted_by, identifier_counts, summed
from segmentloom_sync.sync.in_step import LOG, Mark, last_step, ledger_size, logged_since, membership_since
from segmentloom_sync.sync.in_step_sql import CONCERNED, MOVED_SINCE, TOUCHED, TOUCHED_COUNTS
from segmentloom_sync.sync.plan import owners_of_moved, renew_before
from segmentloom_sync.sync.sendable import (
    Sendable,
    eligible_query,
    kind_parameters,
    published_members,
    sendable_members,
)
from segmentloom_sync.sync.session import SyncSession
from segmentloom_sync.warehouse.base import Statement

_MOST = 0.2
"""With a greater share of the members touched, comparing everybody is as cheap."""


@dataclass(frozen=True, slots=True)
class ChangedPeople:
    """What a plan has to look at.

    Attributes:
        moved: a relation of identifiers, as `plan.moved_identifiers` has it.
        sendable: who may be sent of those who have them.
        counts: the identifiers of all members, as they are now; None where they are not counted.
    """

    moved: str
    sendable: Sendable
    counts: list[IdentifierCounts] | None


@contextmanager
def changed_people(session: SyncSession, mark: Mark | None) -> Iterator[ChangedPeople | None]:
    """Keep in scratch tables, until the end of the block, what changed since the list was in step.

    Args:
        mark: where all stands now.

    Returns:
        None when everybody has to be compared.

    Raises:
        WarehouseError: the warehouse refuses the queries.
    """
    with ExitStack() as kept:
        yield None if mark is None else _changed(session, mark, kept)


def _changed(session: SyncSession, mark: Mark, kept: ExitStack) -> ChangedPeople | None:
    warehouse, target = session.warehouse, session.target
    step = last_step(session)
    if step is None or step.mark.basis != mark.basis or step.mark.evaluated_at > mark.evaluated_at:
        return None
    since = step.mark.evaluated_at
    logged, new_entries = logged_since(warehouse, target, since)
    members, entered = membership_since(warehouse, target, since)
    if step.mark.logged + new_entries != logged or new_entries > _MOST * members:
        return None
    if ledger_size(session) != step.identifiers:
        return None

    def keep(kind: str, sql: str, **parameters: object) -> str:
        query = Statement(sql, {**session.statement("").parameters, **parameters})
        relation = warehouse.scratch_table_as(session.scratch(kind), "sync", query)
        kept.callback(warehouse.drop, relation)
        return relation

    published = published_members(warehouse, target.audience)
    sql = TOUCHED.format(log=warehouse.relation(LOG), members=published.sql)
    touched = keep("touched", sql, **published.parameters, since=since)
    [(were, are)] = warehouse.rows(TOUCHED_COUNTS.format(touched=touched))
    if step.mark.members - int(were or 0) + int(are or 0) != members or int(are or 0) != entered:
        return None
    former = counted_by(warehouse, target, step.run_id)
    if former is None:
        return None
    given = {
        **kind_parameters(target),
        "hash_rule": target.destination.hash_rule,
        "renew_before": renew_before(target.destination.member_days, session.clock.now()),
    }
    names = {
        "hashed_identifiers": warehouse.relation("hashed_identifiers"),
        "ledger": warehouse.relation("ledger", "sync"),
        "kinds": ", ".join(f":{name}" for name in kind_parameters(target)),
        "touched": touched,
    }
    moved = keep("moved", MOVED_SINCE.format(**names), **given)
    rows = owners_of_moved(warehouse, target, moved)
    owners = keep("owners", rows.sql, **rows.parameters)
    concerned = keep("concerned", CONCERNED.format(touched=touched, owners=owners))
    only = f"select concerned.profile_id from {concerned} as concerned"
    sendable = kept.enter_context(
        sendable_members(
            warehouse, target, session.audience_list.id, concerned=only, moved=moved, hashed=owners
        )
    )
    counts = None
    if former:
        now = Statement(
            f"select eligible.profile_id from {sendable.eligible} as eligible"
            f" inner join {touched} as touched on eligible.profile_id = touched.profile_id"
        )
        left = Statement(f"select touched.profile_id from {touched} as touched where touched.was_member")
        before = eligible_query(warehouse, target, left, sendable.barred)
        counts = summed(
            former,
            identifier_counts(warehouse, target, now, hashed=owners),
            identifier_counts(warehouse, target, before, hashed=owners),
        )
    return ChangedPeople(moved, sendable, counts)
