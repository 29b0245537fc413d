"""The queries that count a plan, the same text on every engine."""

from __future__ import annotations

COUNT = """
select
    sum(case when plan.action = 'add' then 1 else 0 end) as adds,
    sum(case when plan.action = 'remove' then 1 else 0 end) as removes,
    count(distinct case when plan.action = 'add' then plan.member_key end) as members_added,
    count(distinct case when plan.action = 'remove' then plan.member_key end) as members_removed,
    sum(case when plan.action = 'remove' and plan.is_private then 1 else 0 end) as private_removes,
    sum(
        case
            when plan.action = 'remove' and not plan.is_private and plan.prior_state <> 'removing' then 1
            else 0
        end
    ) as new_removes,
    sum(case when plan.action = 'forget' then 1 else 0 end) as forgets,
    sum(case when plan.is_wanted then 1 else 0 end) as wanted,
    sum(case when plan.prior_state is not null then 1 else 0 end) as in_ledger,
    count(distinct case when plan.is_wanted then plan.member_key end) as people
from {relation} as plan
"""

LEDGER_SIZE = """
select
    count(*) as row_count,
    sum(case when state = 'rejected' and not may_hold then 0 else 1 end) as held
from {ledger}
where
    destination = :destination
    and list_id = :list_id
"""

WANTED_BY_TYPE = """
select
    plan.identifier_type,
    count(*) as identifiers
from {relation} as plan
where plan.is_wanted
group by 1
"""
