"""Which identifiers of a list have to be looked at, the same text on every engine."""

from __future__ import annotations

from segmentloom_sync.sync.sendable_sql import SENDABLE

MOVED = (
    """
select
    sides.identifier_type,
    sides.identifier
from (
    select
        hashed.identifier_type,
        hashed.identifier,
        1 as wanted,
        0 as held,
        0 as unsettled
    """
    + SENDABLE
    + """
    union all

    select
        ledger.identifier_type,
        ledger.identifier,
        0 as wanted,
        1 as held,
        case
            when ledger.state = 'rejected' then 0
            when ledger.state <> 'accepted' or ledger.last_added_at < :renew_before then 1
            else 0
        end as unsettled
    from {ledger} as ledger
    where
        ledger.destination = :destination
        and ledger.list_id = :list_id
) as sides
group by 1, 2
having
    max(sides.wanted) = 0
    or max(sides.held) = 0
    or max(sides.unsettled) = 1
"""
)
"""All identifiers for which `DELTA` can find anything else than `keep`: those that are not both wanted and in
the ledger, at rest there. Texts are grouped once, which costs a fifth of joining what belongs to them."""

OWNERS = """
select
    hashed.hash_rule,
    hashed.profile_id,
    hashed.identifier_type,
    hashed.identifier
from {hashed_identifiers} as hashed
inner join {moved} as moved
    on
        hashed.identifier_type = moved.identifier_type
        and hashed.identifier = moved.identifier
where hashed.hash_rule = :hash_rule
"""
"""Everybody who has an identifier of `MOVED`: the rows of the hashed identifiers that its plan reads."""
