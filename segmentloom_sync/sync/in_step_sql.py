"""What changed since a list was brought into step, the same text on every engine."""

from __future__ import annotations

MEMBERSHIP = """
select
    count(*) as members,
    sum(case when membership.entered_at > :since then 1 else 0 end) as entered
from {membership} as membership
where membership.audience = :audience
"""

LOGGED = """
select
    count(*) as logged,
    sum(case when entries.changed_at > :since then 1 else 0 end) as new_entries
from {log} as entries
where entries.audience = :audience
"""

# Who left first had been a member before.
TOUCHED = """
select
    first_entries.profile_id,
    first_entries.change = 'exit' as was_member,
    members.profile_id is not null as is_member
from (
    select
        entries.profile_id,
        entries.change
    from {log} as entries
    where
        entries.audience = :audience
        and entries.changed_at > :since
    qualify
        row_number() over (
            partition by entries.profile_id
            order by entries.changed_at
        ) = 1
) as first_entries
left join ({members}) as members on first_entries.profile_id = members.profile_id
"""
"""Whose membership changed since, once each."""

TOUCHED_COUNTS = """
select
    sum(case when touched.was_member then 1 else 0 end) as were_members,
    sum(case when touched.is_member then 1 else 0 end) as are_members
from {touched} as touched
"""

UNSETTLED = """
select count(*) as identifiers
from {ledger} as ledger
where
    ledger.destination = :destination
    and ledger.list_id = :list_id
    and ledger.state not in ('accepted', 'rejected')
"""

MOVED_SINCE = """
select
    sides.identifier_type,
    sides.identifier
from (
    select
        hashed.identifier_type,
        hashed.identifier
    from {hashed_identifiers} as hashed
    inner join {touched} as touched on hashed.profile_id = touched.profile_id
    where
        hashed.hash_rule = :hash_rule
        and hashed.identifier_type in ({kinds})

    union all

    select
        ledger.identifier_type,
        ledger.identifier
    from {ledger} as ledger
    where
        ledger.destination = :destination
        and ledger.list_id = :list_id
        and (
            ledger.state not in ('accepted', 'rejected')
            or (ledger.state = 'accepted' and ledger.last_added_at < :renew_before)
        )
) as sides
group by 1, 2
"""
"""As `moved_sql.MOVED`, for a list that was in step before the membership of those in `touched` changed."""

CONCERNED = """
select touched.profile_id
from {touched} as touched

union distinct

select owners.profile_id
from {owners} as owners
"""
"""Who was touched, and who shares an identifier that moved."""
