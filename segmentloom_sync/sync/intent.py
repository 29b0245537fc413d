"""The plan becomes an intent: batches and ledger rows, written before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass

from segmentloom_sync.destinations.base import Operation
from segmentloom_sync.sync.plan import moved_identifiers, prepared_delta
from segmentloom_sync.sync.plan_sql import NUMBERED
from segmentloom_sync.sync.sendable import Sendable
from segmentloom_sync.sync.session import SyncSession
from segmentloom_sync.warehouse.base import Statement


@dataclass(frozen=True, slots=True)
class Batch:
    """Members that travel in one request, unless it has to be halved."""

    number: int
    operation: Operation
    members: int
    identifiers: int

    @property
    def attributes(self) -> dict[str, str | int | bool]:
        """What a trace tells of it before it is sent."""
        return {
            "batch_number": self.number,
            "operation": self.operation,
            "members": self.members,
            "identifiers": self.identifiers,
        }


def make_plan(session: SyncSession, sendable: Sendable, moved: str | None = None) -> str:
    """Compute the plan into a scratch table, without the rows to keep, and return its relation.

    Args:
        moved: a relation of the identifiers that have to be looked at, where that is known; else all are
            compared first, by nothing but themselves: see `moved_sql.MOVED`.
    """
    warehouse, target, list_id = session.warehouse, session.target, session.audience_list.id
    now = session.clock.now()
    compared = None
    try:
        if moved is None and session.rows(_ANY_HELD):
            query = moved_identifiers(warehouse, target, list_id, now, sendable)
            moved = compared = warehouse.scratch_table_as(session.scratch("moved"), "sync", query)
        query = prepared_delta(warehouse, target, list_id, now, sendable, moved)
        return warehouse.scratch_table_as(
            session.scratch("plan"), "sync", Statement(NUMBERED.format(delta=query.sql), query.parameters)
        )
    finally:
        if compared is not None:
            warehouse.drop(compared)


def write_intent(session: SyncSession, plan: str, *, only_private: bool = False) -> list[Batch]:
    """Write batches and ledger rows, all or none, and return the batches in the order of sending.

    Args:
        plan: the relation of `make_plan`.
        only_private: take the removals of people who opted out and leave the rest as it is.

    Raises:
        TryAgainLater: another run has taken the lease over; nothing was written.
    """
    names = {"plan": plan, "scope": _ONLY_PRIVATE if only_private else ""}
    size = session.target.destination.batch_size
    [(members_removed,)] = session.rows(_MEMBERS_REMOVED, names)
    parameters = {
        "size": size,
        "removal_batches": -(-int(members_removed or 0) // size),
        "list_name": session.audience_list.name,
        "audience": session.target.audience,
    }
    session.apply(
        [
            session.statement(template, names, **parameters)
            for template in (_ABANDON, _BATCHES, _TAKE_OUT, _PUT_IN)
        ]
    )
    return [
        Batch(int(number), operation, int(members), int(identifiers))
        for number, operation, members, identifiers in session.rows(_PLANNED)
    ]


_ANY_HELD = """
select 1 as one
from {ledger}
where
    destination = :destination
    and list_id = :list_id
limit 1
"""

_ONLY_PRIVATE = """
    and plan.is_private
    and plan.action = 'remove'"""

_MEMBERS_REMOVED = """
select max(plan.member_number) as members
from {plan} as plan
where
    plan.action = 'remove'{scope}
"""

# What an earlier run planned and did not send is planned anew.
_ABANDON = """
update {batches}
set state = 'abandoned'
where
    destination = :destination
    and list_id = :list_id
    and state in ('planned', 'sending')
    and {lease}
"""

_BATCH_NUMBER = """
    cast(floor((plan.member_number - 1) / :size) as integer)
    + case when plan.action = 'remove' then 1 else 1 + :removal_batches end"""

_BATCHES = f"""
insert into {{batches}} (
    run_id, batch_number, part, destination, list_id, operation, members, identifiers, state
)
select
    :run_id,
    numbered.batch_number,
    0,
    :destination,
    :list_id,
    numbered.action,
    count(distinct numbered.member_key),
    count(*),
    'planned'
from (
    select
        plan.action,
        plan.member_key,{_BATCH_NUMBER} as batch_number
    from {{plan}} as plan
    where
        plan.action in ('add', 'remove'){{scope}}
) as numbered
where {{lease}}
group by numbered.batch_number, numbered.action
"""

# Rows are replaced by taking out and putting in, which all engines do alike and at once inside a transaction.
_TAKE_OUT = """
delete from {ledger}
where
    destination = :destination
    and list_id = :list_id
    and (identifier_type || ':' || identifier) in (
        select plan.identifier_type || ':' || plan.identifier
        from {plan} as plan
        where
            plan.action in ('add', 'remove', 'forget'){scope}
    )
    and {lease}
"""

_PUT_IN = f"""
insert into {{ledger}} (
    destination, list_id, list_name, audience, identifier_type, identifier, state, updated_at, fencing_token,
    member_key, run_id, batch_number, last_added_at, may_hold, overtaken_run_id, overtaken_batch_number
)
select
    :destination,
    :list_id,
    :list_name,
    :audience,
    plan.identifier_type,
    plan.identifier,
    case when plan.action = 'remove' then 'removing' else 'pending' end,
    :now,
    :token,
    plan.member_key,
    :run_id,{_BATCH_NUMBER},
    plan.last_added_at,
    plan.may_hold or coalesce(plan.prior_state in ('sent', 'accepted', 'removing'), false),
    case when plan.action = 'remove' then plan.overtaken_run_id end,
    case when plan.action = 'remove' then plan.overtaken_batch_number end
from {{plan}} as plan
where
    plan.action in ('add', 'remove'){{scope}}
    and {{lease}}
"""

_PLANNED = """
select
    batch_number,
    operation,
    members,
    identifiers
from {batches}
where
    run_id = :run_id
    and state = 'planned'
order by batch_number
"""
