"""The statements of one batch, the same text on every engine."""

from __future__ import annotations

from segmentloom_sync.destinations.base import Operation

_ROWS = """
    destination = :destination
    and list_id = :list_id
    and run_id = :run_id
    and batch_number = :batch_number"""

_ADDS = f"""{_ROWS}
    and state = 'sent'
    and {{lease}}"""

_REMOVES = f"""{_ROWS}
    and state = 'removing'
    and {{lease}}"""

_STAMP = """
    updated_at = :now,
    fencing_token = :token"""


def _staged(outcome: str, and_reason: str = "") -> str:
    return f"""
    and (identifier_type || ':' || identifier) in (
        select staged.identifier_type || ':' || staged.identifier
        from {{staged}} as staged
        where
            staged.outcome = '{outcome}'{and_reason}
    )"""


OTHERS = """
    and (identifier_type || ':' || identifier) not in (
        select staged.identifier_type || ':' || staged.identifier
        from {staged} as staged
    )"""
"""The rows of the batch that have no outcome of their own."""

BATCH_SENDING = f"""
update {{batches}}
set
    state = 'sending',
    started_at = :now
where {_ROWS}
    and {{lease}}
"""

ROWS_SENT = f"""
update {{ledger}}
set
    state = 'sent',{_STAMP}
where {_ROWS}
    and state = 'pending'
    and {{lease}}
"""

CONTENT = f"""
select
    identifier_type,
    identifier,
    member_key
from {{ledger}}
where {_ROWS}
    and state = :state
order by
    member_key,
    identifier_type,
    identifier
"""

BARRED = f"""
with

batch as (

    select
        identifier_type,
        identifier,
        member_key
    from {{ledger}}
    where {_ROWS}
        and state = :state

),

{{opted_out}}
eligible as (

    select profiles.profile_id
    from {{profiles}} as profiles
    where
        profiles.profile_id in (select batch.member_key from batch)
        and not coalesce(profiles.is_quarantined, false)
        and not exists (
            select 1
            from opted_out_profiles as refusing
            where refusing.profile_id = profiles.profile_id
        ){{consent}}

)

select
    batch.identifier_type,
    batch.identifier
from batch
left join eligible on batch.member_key = eligible.profile_id
left join opted_out
    on
        batch.identifier_type = opted_out.identifier_type
        and batch.identifier = opted_out.identifier
where
    eligible.profile_id is null
    or opted_out.identifier is not null
"""
"""What of a batch may not be sent by now, which takes a look at the digests of all identifiers."""

LISTED = "select batch.member_key, batch.identifier_type, batch.identifier from batch"
"""About whom `BARRED` asks whether they opted out."""

ACCEPT_ADD = f"""
update {{ledger}}
set
    state = 'accepted',
    may_hold = true,
    last_added_at = :now,{_STAMP}
where {_ADDS}{{others}}
"""

ACCEPT_REMOVE = f"""
delete from {{ledger}}
where {_REMOVES}
    and overtaken_run_id is null{{others}}
"""

REJECT_ADD = f"""
update {{ledger}}
set
    state = 'rejected',
    reason = :reason,
    may_hold = case when :is_ambiguous then true else may_hold end,{_STAMP}
where {_ADDS}{_staged("rejected", " and staged.reason = :reason")}
"""

# Without its batch number a row is not taken for removed when the platform confirms the rest of the batch.
REJECT_REMOVE = f"""
update {{ledger}}
set
    reason = :reason,
    batch_number = 0,{_STAMP}
where {_REMOVES}{_staged("rejected", " and staged.reason = :reason")}
"""

_UNKNOWN_ADD = f"""
update {{ledger}}
set
    may_hold = true,{_STAMP}
where {_ADDS}{_staged("unknown")}
"""

_UNKNOWN_REMOVE = f"""
update {{ledger}}
set
    batch_number = 0,{_STAMP}
where {_REMOVES}{_staged("unknown")}
"""

_CUT_NEVER_SENT = f"""
delete from {{ledger}}
where {_ADDS}
    and not may_hold{_staged("cut")}
"""

_CUT = f"""
update {{ledger}}
set
    state = 'pending',{_STAMP}
where {_ADDS}{_staged("cut")}
"""

EXCEPTIONS: dict[Operation, tuple[str, ...]] = {
    "add": (_UNKNOWN_ADD, _CUT_NEVER_SENT, _CUT),
    "remove": (_UNKNOWN_REMOVE,),
}
"""For the identifiers that were neither accepted nor rejected, in this order."""

BATCH_DONE = f"""
update {{batches}}
set
    state = :state,
    request_id = :request_id,
    accepted = :accepted,
    rejected = :rejected,
    unknown = :unknown,
    finished_at = :now
where {_ROWS}
    and {{lease}}
"""

BATCH_POLL = f"""
update {{batches}}
set poll_at = :poll_at
where {_ROWS}
    and {{lease}}
"""

BATCH_PART = """
insert into {batches} (
    run_id, batch_number, part, destination, list_id, operation, members, identifiers, state, request_id,
    finished_at, poll_at
)
select
    :run_id, :batch_number, :part, :destination, :list_id, :operation, :members, :identifiers, :state,
    :request_id, :now, :poll_at
from (select 1 as one) as single
where {lease}
"""
