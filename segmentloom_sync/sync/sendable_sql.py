"""Who may be sent, the same text on every engine."""

from __future__ import annotations

from segmentloom_sync.sync.target import ConsentRule

_CONSENT: dict[ConsentRule, str] = {
    "granted": """
        and profiles.ad_user_data_consent = 'granted'
        and profiles.ad_personalization_consent = 'granted'""",
    "not_denied": """
        and coalesce(profiles.ad_user_data_consent, '') <> 'denied'
        and coalesce(profiles.ad_personalization_consent, '') <> 'denied'""",
    "nobody": """
        and false""",
}


def consent_condition(rule: ConsentRule) -> str:
    """The rule as conditions on `profiles`, each starting with `and`."""
    return _CONSENT[rule]


LISTED = """
    select
        hashed.profile_id as member_key,
        hashed.identifier_type,
        hashed.identifier
    from {hashed_identifiers} as hashed
    inner join members on hashed.profile_id = members.profile_id
    where hashed.hash_rule = :hash_rule

    union all

    select
        ledger.member_key,
        ledger.identifier_type,
        ledger.identifier
    from {ledger} as ledger{of_moved}
    where
        ledger.destination = :destination{of_list}
"""
"""About whom the plan asks whether they opted out: the members, and who may be on the list."""

ROW_MOVED = """
    inner join {moved} as moved
        on
            ledger.identifier_type = moved.identifier_type
            and ledger.identifier = moved.identifier"""
"""What keeps rows of the ledger to the identifiers of a relation."""

OF_LIST = """
        and ledger.list_id = :list_id"""

# Both kinds in one table, as each of them is dear where requests bar somebody.
BARRED = """
with

members as (

    {members}

),

{opted_out}
final as (

    select distinct
        'profile' as entry,
        '' as identifier_type,
        opted_out_profiles.profile_id as value
    from opted_out_profiles

    union all

    select
        'identifier' as entry,
        opted_out.identifier_type,
        opted_out.identifier as value
    from opted_out

)

select
    entry,
    identifier_type,
    value
from final
"""

# Joined, not asked with `exists`, for which DuckDB keeps all rows in memory.
ELIGIBLE = """
select profiles.profile_id
from {profiles} as profiles
left join {barred} as barred
    on
        profiles.profile_id = barred.value
        and barred.entry = 'profile'
where
    profiles.profile_id in (select members.profile_id from ({members}) as members)
    and not coalesce(profiles.is_quarantined, false)
    and barred.value is null{consent}
"""

SENDABLE = """from {hashed_identifiers} as hashed
left join {barred} as barred
    on
        hashed.identifier_type = barred.identifier_type
        and hashed.identifier = barred.value
        and barred.entry = 'identifier'
where
    hashed.hash_rule = :hash_rule
    and hashed.identifier_type in ({kinds})
    and hashed.profile_id in (select eligible.profile_id from {eligible} as eligible)
    and barred.value is null
"""
"""The identifiers that a list may hold, as the end of a query."""

ANYBODY = "select 1 as one\n" + SENDABLE + "limit 1"

INLINE = """
members as (

    {members}

),

{opted_out}
eligible as (

    select profiles.profile_id
    from {profiles} as profiles
    inner join members on profiles.profile_id = members.profile_id
    where
        not coalesce(profiles.is_quarantined, false)
        and not exists (
            select 1
            from opted_out_profiles as refusing
            where refusing.profile_id = profiles.profile_id
        ){consent}

),
"""
"""What `DELTA` goes by, found in the same query."""

PREPARED = """
opted_out_profiles as (

    select barred.value as profile_id
    from {barred} as barred
    where barred.entry = 'profile'

),

opted_out as (

    select
        barred.identifier_type,
        barred.value as identifier
    from {barred} as barred
    where barred.entry = 'identifier'

),

eligible as (

    select profile_id
    from {eligible}

),
"""
"""The same as found before; see `sendable.Sendable`."""
