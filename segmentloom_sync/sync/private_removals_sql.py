"""Which removals of the plan are for privacy, the same text on every engine."""

from __future__ import annotations

PRIVATE_REMOVALS = """
-- Only what is removed has to be judged, and that is little as a rule.
removals as (

    select
        compared.identifier_type,
        compared.identifier,
        compared.member_key
    from compared
    where compared.action = 'remove'

),

known as (

    select distinct
        hashed.identifier_type,
        hashed.identifier
    from {hashed_identifiers} as hashed
    inner join removals
        on
            hashed.identifier_type = removals.identifier_type
            and hashed.identifier = removals.identifier
    where hashed.hash_rule = :hash_rule

),

judged as (

    select
        removals.identifier_type,
        removals.identifier,
        {is_withdrawn}
        or opted_out.identifier is not null
        or refusing.profile_id is not null
        or coalesce(owners.ad_user_data_consent, '') = 'denied'
        or coalesce(owners.ad_personalization_consent, '') = 'denied' as is_refused,
        owners.profile_id is null and known.identifier is null as is_gone
    from removals
    left join {profiles} as owners on removals.member_key = owners.profile_id
    left join (select distinct profile_id from opted_out_profiles) as refusing
        on removals.member_key = refusing.profile_id
    left join known
        on
            removals.identifier_type = known.identifier_type
            and removals.identifier = known.identifier
    left join opted_out
        on
            removals.identifier_type = opted_out.identifier_type
            and removals.identifier = opted_out.identifier

),

-- Two sums instead of windows over everything, at which DuckDB 1.5 with several threads fails now and then.
gone as (

    select sum(case when judged.is_gone then 1 else 0 end) as identifiers
    from judged

),

in_ledger as (

    select count(*) as identifiers
    from {ledger} as ledger
    where
        ledger.destination = :destination
        and ledger.list_id = :list_id

),

-- Where not everybody is compared, the rows of the others are to keep.
gained as (

    select
        sum(
            case when compared.is_wanted then 1 else 0 end
            - case when compared.prior_state is not null then 1 else 0 end
        ) as identifiers
    from compared

),

private_removals as (

    select
        judged.identifier_type,
        judged.identifier
    from judged
    cross join gone
    cross join in_ledger
    cross join gained
    where
        judged.is_refused
        or (
            judged.is_gone
            and (
                in_ledger.identifiers + gained.identifiers > 0
                or 2 * gone.identifiers <= in_ledger.identifiers
            )
            and (
                gone.identifiers <= :min_removals
                or 100.0 * gone.identifiers / nullif(in_ledger.identifiers, 0) <= :max_removal_percent
            )
        )

)
"""
"""Common table expressions, the last `private_removals`, which no guard holds; see `plan.delta`."""
