"""The queries of a sampled check: what the events say of the identifiers that were drawn."""

from __future__ import annotations

from typing import Final

from segmentloom_sync.identity.identifier import TYPES

ALIASES: Final = """
with

aliases as (

    select
        source_id,
        event_id,
        occurred_at,
        user_id,
        previous_id
    from {events} as events
    where
        type = 'alias'
        and previous_id is not null

),

seen as (

    select 'user_id' as identifier_type, user_id as identifier_value
    from {events} as events
    where user_id in (select previous_id from aliases)

    union distinct

    select 'anonymous_id' as identifier_type, anonymous_id as identifier_value
    from {events} as events
    where anonymous_id in (select previous_id from aliases)

),

usable as (

    select
        seen.identifier_type,
        seen.identifier_value
    from seen
    left join {blocked} as blocked
        on
            seen.identifier_type = blocked.identifier_type
            and lower(seen.identifier_value) = blocked.identifier_value
    where blocked.identifier_value is null

),

typed as (

    select
        aliases.*,
        case
            when users.identifier_value is null and devices.identifier_value is not null then 'anonymous_id'
            else 'user_id'
        end as previous_type
    from aliases
    left join usable as users
        on
            aliases.previous_id = users.identifier_value
            and users.identifier_type = 'user_id'
    left join usable as devices
        on
            aliases.previous_id = devices.identifier_value
            and devices.identifier_type = 'anonymous_id'

)

select
    typed.source_id,
    typed.event_id,
    typed.occurred_at,
    case when blocked_user_id.identifier_value is null then typed.user_id end as user_id,
    typed.previous_type,
    typed.previous_id
from typed
left join {blocked} as blocked_user_id
    on
        lower(typed.user_id) = blocked_user_id.identifier_value
        and blocked_user_id.identifier_type = 'user_id'
left join {blocked} as blocked
    on
        typed.previous_type = blocked.identifier_type
        and lower(typed.previous_id) = blocked.identifier_value
where blocked.identifier_value is null
"""
"""Alias events, and what their previous_id is of: a user_id, unless it occurs only as an anonymous_id."""

_BLOCKED: Final = """
    left join {{blocked}} as blocked_{type}
        on
            lower(events.{type}) = blocked_{type}.identifier_value
            and blocked_{type}.identifier_type = '{type}'"""
USABLE: Final = (
    """
    select
        events.source_id,
        events.event_id,
        events.occurred_at,
        case when lower({gpc}) = 'true' then 1 else 0 end as has_gpc,
        """
    + ",\n        ".join(
        f"case when blocked_{kind}.identifier_value is null then events.{kind} end as {kind}"
        for kind in TYPES
    )
    + """
    from (
        select *
        from {events} as all_events
        where
            """
    + "\n            or ".join(
        f"{kind} in (select identifier_value from {{wanted}} as wanted where identifier_type = '{kind}')"
        for kind in TYPES
    )
    + """
    ) as events"""
    + "".join(_BLOCKED.format(type=kind) for kind in TYPES)
)
"""Events that carry some wanted identifiers, with blocked values left out."""


def _owned(kind: str) -> str:
    """1 where no stronger identifier is on the event."""
    stronger = [f"{other} is null" for other in TYPES[: TYPES.index(kind)]]
    return f"case when {' and '.join(stronger)} then 1 else 0 end" if stronger else "1"


_OF_EVENT: Final = "\n\n    union all\n\n".join(
    f"""    select
        '{kind}' as identifier_type,
        {kind} as identifier_value,
        occurred_at,
        {_owned(kind)} as is_owned,
        has_gpc
    from usable
    where {kind} is not null"""
    for kind in TYPES
)
AROUND: Final = f"""
with

usable as (
{USABLE}

),

carried as (

{_OF_EVENT}

)

select identifier_type, identifier_value from carried
union distinct
select identifier_type, identifier_value from {{wanted}} as wanted
union distinct
select aliases.previous_type, aliases.previous_id
from {{aliases}} as aliases
inner join {{wanted}} as wanted
    on
        aliases.user_id = wanted.identifier_value
        and wanted.identifier_type = 'user_id'
union distinct
select 'user_id' as identifier_type, aliases.user_id as identifier_value
from {{aliases}} as aliases
inner join {{wanted}} as wanted
    on
        aliases.previous_id = wanted.identifier_value
        and aliases.previous_type = wanted.identifier_type
where aliases.user_id is not null
"""
"""Wanted identifiers, and those that share an event with one."""

SIGHTINGS: Final = f"""
with

usable as (
{USABLE}

),

carried as (

{_OF_EVENT}

)

select
    carried.identifier_type,
    carried.identifier_value,
    min(carried.occurred_at) as first_seen_at,
    max(carried.occurred_at) as last_seen_at,
    count(*) as event_count,
    sum(carried.is_owned) as owned_event_count,
    sum(carried.has_gpc) as gpc_event_count
from carried
inner join {{wanted}} as wanted
    on
        carried.identifier_type = wanted.identifier_type
        and carried.identifier_value = wanted.identifier_value
group by 1, 2
"""

_PAIRS: Final = "\n\n    union all\n\n".join(
    f"""    select
        '{one}' as identifier_type,
        {one} as identifier_value,
        '{other}' as other_type,
        {other} as other_value,
        occurred_at,
        source_id,
        event_id
    from usable
    where
        {one} is not null
        and {other} is not null"""
    for place, one in enumerate(TYPES)
    for other in TYPES[place + 1 :]
)
LINKS: Final = f"""
with

usable as (
{USABLE}

),

pairs as (

{_PAIRS}

)

select *
from pairs
where true
qualify row_number() over (
    partition by identifier_type, identifier_value, other_type, other_value
    order by occurred_at, source_id, event_id
) = 1
"""
"""Pairs on events that carry a wanted identifier; of a pair with a wanted end the earliest event of all."""
