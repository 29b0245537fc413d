"""The queries of the plan, the same text on every engine."""

from __future__ import annotations

from segmentloom_sync.sync.private_removals_sql import PRIVATE_REMOVALS

# DuckDB cannot spill the smallest of several texts: it is asked of those identifiers only that are shared.
_WANTED = """
shared as (

    select
        hashed.identifier_type,
        hashed.identifier
    from {hashed_identifiers} as hashed
    where
        hashed.hash_rule = :hash_rule
        and hashed.identifier_type in ({kinds})
    group by 1, 2
    having count(*) > 1

),

sendable as (

    select
        hashed.identifier_type,
        hashed.identifier,
        hashed.profile_id
    from {hashed_identifiers} as hashed
    inner join eligible on hashed.profile_id = eligible.profile_id
    left join opted_out
        on
            hashed.identifier_type = opted_out.identifier_type
            and hashed.identifier = opted_out.identifier
    where
        hashed.hash_rule = :hash_rule
        and hashed.identifier_type in ({kinds})
        and opted_out.identifier is null

),

wanted as (

    select
        sendable.identifier_type,
        sendable.identifier,
        sendable.profile_id as member_key
    from sendable
    left join shared
        on
            sendable.identifier_type = shared.identifier_type
            and sendable.identifier = shared.identifier
    where shared.identifier is null

    union all

    select
        sendable.identifier_type,
        sendable.identifier,
        min(sendable.profile_id) as member_key
    from sendable
    inner join shared
        on
            sendable.identifier_type = shared.identifier_type
            and sendable.identifier = shared.identifier
    group by 1, 2

),
"""

DELTA = (
    """
with
{sources}"""
    + _WANTED
    + """
unconfirmed as (

    select distinct
        run_id,
        batch_number
    from {batches}
    where
        destination = :destination
        and list_id = :list_id
        and state = 'processing'
        and finished_at > :unconfirmed_since

),

confirmed as (

    select distinct
        run_id,
        batch_number
    from {batches}
    where
        destination = :destination
        and list_id = :list_id
        and operation = 'remove'
        and state in ('confirmed', 'done')

),

-- Of requests whose failure named nobody: their rows are sent again in smaller batches.
failed as (

    select
        run_id,
        batch_number,
        max(members) as members
    from {batches}
    where
        destination = :destination
        and list_id = :list_id
        and state in ('partial', 'failed')
    group by 1, 2

),

held as (

    select
        ledger.identifier_type,
        ledger.identifier,
        ledger.member_key,
        ledger.state,
        ledger.may_hold,
        ledger.last_added_at,
        ledger.unexplained_failures,
        not ledger.may_hold and ledger.state in ('rejected', 'pending') as was_never_there,
        unconfirmed.run_id is not null as is_open,
        case
            when overtaken.run_id is not null then overtaken.run_id
            when ledger.state <> 'removing' then unconfirmed.run_id
        end as overtaken_run_id,
        case
            when overtaken.run_id is not null then overtaken.batch_number
            when ledger.state <> 'removing' then unconfirmed.batch_number
        end as overtaken_batch_number,
        ledger.state = 'removing'
        and (
            unconfirmed.run_id is not null
            or (overtaken.run_id is not null and confirmed.run_id is not null)
        ) as is_removal_taken,
        cast(floor((failed.members + 1) / 2) as integer) as batch_limit
    from {ledger} as ledger{row_moved}
    left join unconfirmed
        on
            ledger.run_id = unconfirmed.run_id
            and ledger.batch_number = unconfirmed.batch_number
    left join unconfirmed as overtaken
        on
            ledger.overtaken_run_id = overtaken.run_id
            and ledger.overtaken_batch_number = overtaken.batch_number
    left join confirmed
        on
            ledger.run_id = confirmed.run_id
            and ledger.batch_number = confirmed.batch_number
    left join failed
        on
            ledger.run_id = failed.run_id
            and ledger.batch_number = failed.batch_number
    where
        ledger.destination = :destination
        and ledger.list_id = :list_id

),

compared as (

    select
        coalesce(wanted.identifier_type, held.identifier_type) as identifier_type,
        coalesce(wanted.identifier, held.identifier) as identifier,
        coalesce(wanted.member_key, held.member_key) as member_key,
        case
            when held.is_removal_taken then 'wait'
            when held.identifier is null then 'add'
            when wanted.identifier is null and held.was_never_there then 'forget'
            when wanted.identifier is null then 'remove'
            when held.is_open then 'keep'
            when held.state in ('pending', 'sent', 'removing') then 'add'
            when held.state = 'accepted' and held.last_added_at < :renew_before then 'add'
            else 'keep'
        end as action,
        wanted.identifier is not null as is_wanted,
        held.state as prior_state,
        coalesce(held.may_hold, false) as may_hold,
        held.last_added_at,
        held.unexplained_failures,
        held.overtaken_run_id,
        held.overtaken_batch_number,
        held.batch_limit
    from wanted
    full outer join held
        on
            wanted.identifier_type = held.identifier_type
            and wanted.identifier = held.identifier

),

"""
    + PRIVATE_REMOVALS
    + """
select
    compared.identifier_type,
    compared.identifier,
    compared.member_key,
    case
        when
            compared.action = 'remove'
            and compared.overtaken_run_id is not null
            and private_removals.identifier is null
            then 'wait'
        else compared.action
    end as action,
    compared.is_wanted,
    private_removals.identifier is not null as is_private,
    compared.prior_state,
    compared.may_hold,
    compared.last_added_at,
    compared.unexplained_failures,
    compared.overtaken_run_id,
    compared.overtaken_batch_number,
    compared.batch_limit
from compared
left join private_removals
    on
        compared.identifier_type = private_removals.identifier_type
        and compared.identifier = private_removals.identifier
"""
)

# The columns that it cannot fill come from the ledger all the same, for their types.
FIRST_DELTA = (
    """
with
{sources}"""
    + _WANTED.rstrip().removesuffix(",")
    + """

select
    wanted.identifier_type,
    wanted.identifier,
    wanted.member_key,
    'add' as action,
    true as is_wanted,
    false as is_private,
    none_held.state as prior_state,
    false as may_hold,
    none_held.last_added_at,
    none_held.unexplained_failures,
    none_held.overtaken_run_id,
    none_held.overtaken_batch_number,
    none_held.batch_limit
from wanted
left join (
    select
        ledger.identifier,
        ledger.state,
        ledger.last_added_at,
        ledger.unexplained_failures,
        ledger.overtaken_run_id,
        ledger.overtaken_batch_number,
        ledger.batch_number as batch_limit
    from {ledger} as ledger
    where false
) as none_held
    on wanted.identifier = none_held.identifier
"""
)
"""What `DELTA` says of a list that holds nothing."""

# Members are numbered so that all identifiers of one person share a batch; private removals come first.
NUMBERED = """
select
    plan.*,
    dense_rank() over (
        partition by plan.action, plan.batch_limit
        order by
            case when plan.is_private then 0 else 1 end,
            plan.member_key
    ) as member_number
from ({delta}) as plan
where plan.action <> 'keep'
"""
