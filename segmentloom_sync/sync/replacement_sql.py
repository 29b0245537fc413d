"""The statements of a replacement, the same text on every engine."""

from __future__ import annotations

_LIST = """
    destination = :destination
    and list_id = :list_id"""

_UNDER_WAY = f"""{_LIST}
    and finished_at is null"""

COLUMNS = (
    "state, requested_by, started_at, added_before, fencing_token, all_sent_at, request_id, asked_at, "
    "poll_at, finished_at, message"
)

UNDER_WAY = f"""
select {COLUMNS}
from {{replacements}}
where {_UNDER_WAY}
"""

BEGIN = """
insert into {replacements} (
    destination, list_id, list_name, audience, run_id, requested_by, started_at, added_before, fencing_token,
    state
)
select
    :destination, :list_id, :list_name, :audience, :run_id, :requested_by, :started_at, :added_before, :token,
    'sending'
from (select 1 as one) as single
where
    not exists (
        select 1
        from {replacements} as others
        where
            others.destination = :destination
            and others.list_id = :list_id
            and others.finished_at is null
    )
    and {lease}
"""

# As after a call whose answer was lost: the list may hold them, and they are added again. What was accepted
# since the beginning has a later token.
SEND_ANEW = f"""
update {{ledger}}
set
    state = 'sent',
    updated_at = :now,
    fencing_token = :token
where {_LIST}
    and state = 'accepted'
    and fencing_token < :begun_token
    and {{lease}}
"""

REST = """
with

open_batches as (

    select
        run_id,
        batch_number,
        operation,
        max(case when finished_at <= :all_sent_at then 1 else 0 end) as is_old
    from {batches}
    where
        destination = :destination
        and list_id = :list_id
        and state = 'processing'
    group by 1, 2, 3

),

additions as (

    select sum(open_batches.is_old) as still_open
    from open_batches
    where open_batches.operation = 'add'

)

select
    max(additions.still_open) as open_additions,
    sum(
        case
            when ledger.state = 'sent' then 1
            when ledger.state = 'pending' and ledger.may_hold then 1
            else 0
        end
    ) as not_sent_anew,
    sum(case when ledger.state = 'removing' and open_batches.run_id is null then 1 else 0 end)
        as unsure_removals,
    sum(case when ledger.state = 'accepted' then 1 else 0 end) as accepted
from additions
left join {ledger} as ledger
    on
        ledger.destination = :destination
        and ledger.list_id = :list_id
left join open_batches
    on
        ledger.run_id = open_batches.run_id
        and ledger.batch_number = open_batches.batch_number
        and open_batches.operation = 'remove'
"""
"""What a list has to wait for before its platform may remove whoever was not sent anew.

Who is being removed is not waited for: it does no harm to remove them twice. Nor is who was refused, whom
the platform will not have however often it is asked.
"""

ALL_SENT = f"""
update {{replacements}}
set all_sent_at = :all_sent_at
where {_UNDER_WAY}
    and {{lease}}
"""

NOT_ALL_SENT = f"""
update {{replacements}}
set all_sent_at = null
where {_UNDER_WAY}
    and {{lease}}
"""

ASKED = f"""
update {{replacements}}
set
    state = 'asked',
    request_id = :request_id,
    asked_at = :now,
    poll_at = :poll_at,
    message = null
where {_UNDER_WAY}
    and {{lease}}
"""

ASK_LATER = f"""
update {{replacements}}
set
    poll_at = :poll_at
where {_UNDER_WAY}
    and {{lease}}
"""

ASK_ANEW = f"""
update {{replacements}}
set
    state = 'sending',
    message = :message
where {_UNDER_WAY}
    and {{lease}}
"""

DONE = f"""
update {{replacements}}
set
    state = 'done',
    finished_at = :now,
    message = null
where {_UNDER_WAY}
    and {{lease}}
"""

DROP = f"""
update {{replacements}}
set
    state = 'dropped',
    finished_at = :now
where {_UNDER_WAY}
    and {{lease}}
"""

# Not of those that were tried since then, or so shortly before that it may have been applied after it.
REFUSED_ARE_GONE = f"""
update {{ledger}}
set
    may_hold = false,
    updated_at = :now,
    fencing_token = :token
where {_LIST}
    and state = 'rejected'
    and may_hold
    and updated_at < :untouched_since
    and {{lease}}
"""

LAST_REMOVAL = f"""
select max(coalesce(finished_at, asked_at)) as removed_at
from {{replacements}}
where {_LIST}
    and asked_at is not null
"""

OF_ALL_LISTS = f"""
select
    destination,
    list_name,
    {COLUMNS}
from {{replacements}}
where finished_at is null
"""
