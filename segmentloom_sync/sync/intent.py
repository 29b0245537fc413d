"""The plan becomes an intent: batches and ledger rows, written before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from segmentloom_sync.destinations.base import Operation
from segmentloom_sync.sync.plan import moved_identifiers, owners_of_moved, prepared_delta
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
    kept: list[str] = []
    try:
        if moved is None and session.rows(_ANY_HELD):
            query = moved_identifiers(warehouse, target, list_id, now, sendable)
            moved = warehouse.scratch_table_as(session.scratch("moved"), "sync", query)
            kept.append(moved)
            query = owners_of_moved(warehouse, target, moved)
            kept.append(warehouse.scratch_table_as(session.scratch("owners"), "sync", query))
            sendable = replace(sendable, hashed=kept[-1])
        query = prepared_delta(warehouse, target, list_id, now, sendable, moved)
        return warehouse.scratch_table_as(
            session.scratch("plan"), "sync", Statement(NUMBERED.format(delta=query.sql), query.parameters)
        )
    finally:
        for relation in kept:
            warehouse.drop(relation)


def write_intent(session: SyncSession, plan: str, *, only_private: bool = False) -> list[Batch]:
    """Write batches and ledger rows, all or none, and return the batches in the order of sending.

    Args:
        plan: the relation of `make_plan`.
        only_private: take the removals of people who opted out and leave the rest as it is.

    Raises:
        TryAgainLater: another run has taken the lease over; nothing was written.
    """
    names = {"plan": plan, "scope": _ONLY_PRIVATE if only_private else ""}
    groups = [
        _Group(action, None if limit is None else int(limit), int(members))
        for action, limit, members in session.rows(_GROUPS, names)
    ]
    names["batch_number"] = _batch_number(groups, session.target.destination.batch_size)
    parameters = {
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


class _Group(NamedTuple):
    """Members of a plan that are numbered together."""

    action: str
    limit: int | None
    members: int


def _batch_number(groups: Iterable[_Group], size: int) -> str:
    """SQL for the number of a row's batch: removals first, what failed before last and in small batches."""
    cases, before = "", 0
    for group in sorted(groups, key=lambda group: (group.action != "remove", -(group.limit or size + 1))):
        each = min(group.limit or size, size)
        limited = "is null" if group.limit is None else f"= {group.limit}"
        cases += f"""
            when plan.action = '{group.action}' and plan.batch_limit {limited}
                then {before + 1} + cast(floor((plan.member_number - 1) / {each}) as integer)"""
        before += -(-group.members // each)
    return (
        f"""
        case{cases}
        end"""
        if cases
        else " 0"
    )


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

_GROUPS = """
select
    plan.action,
    plan.batch_limit,
    max(plan.member_number) as members
from {plan} as plan
where
    plan.action in ('add', 'remove'){scope}
group by 1, 2
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

_BATCHES = """
insert into {batches} (
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
        plan.member_key,{batch_number} as batch_number
    from {plan} as plan
    where
        plan.action in ('add', 'remove'){scope}
) as numbered
where {lease}
group by numbered.batch_number, numbered.action
"""

# Rows are replaced by taking out and putting in, which all engines do alike and at once inside a transaction.
# Most rows are passed over by their identifier alone, without putting two texts together for each.
_TAKE_OUT = """
delete from {ledger}
where
    destination = :destination
    and list_id = :list_id
    and identifier in (select plan.identifier from {plan} as plan)
    and (identifier_type || ':' || identifier) in (
        select plan.identifier_type || ':' || plan.identifier
        from {plan} as plan
        where
            plan.action in ('add', 'remove', 'forget'){scope}
    )
    and {lease}
"""

_PUT_IN = """
insert into {ledger} (
    destination, list_id, list_name, audience, identifier_type, identifier, state, updated_at, fencing_token,
    member_key, run_id, batch_number, last_added_at, may_hold, overtaken_run_id, overtaken_batch_number,
    unexplained_failures
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
    :run_id,{batch_number},
    plan.last_added_at,
    plan.may_hold or coalesce(plan.prior_state in ('sent', 'accepted', 'removing'), false),
    case when plan.action = 'remove' then plan.overtaken_run_id end,
    case when plan.action = 'remove' then plan.overtaken_batch_number end,
    case
        when plan.prior_state = 'sent' and plan.action = 'add' then plan.unexplained_failures
        when plan.prior_state = 'removing' and plan.action = 'remove' then plan.unexplained_failures
    end
from {plan} as plan
where
    plan.action in ('add', 'remove'){scope}
    and {lease}
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
