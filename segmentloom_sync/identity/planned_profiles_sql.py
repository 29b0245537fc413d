"""The queries that compare two identity maps: what moves between profiles, and what that makes of them."""

from __future__ import annotations

from typing import Final

MOVES: Final = """
with

present as (

    select
        coalesce(live.identifier_key, planned.identifier_key) as identifier_key,
        coalesce(live.identifier_type, planned.identifier_type) as identifier_type,
        coalesce(live.identifier_value, planned.identifier_value) as identifier_value,
        coalesce(planned.first_seen_at, live.first_seen_at) as first_seen_at,
        live.profile_id as from_profile_id,
        planned.profile_id as to_profile_id,
        case when live.identifier_key = live.component_key then 0 else 1 end as is_younger
    from {live} as live
    full outer join {planned} as planned on live.identifier_key = planned.identifier_key

),

touched as (

    select distinct from_profile_id
    from present
    where
        from_profile_id is not null
        and coalesce(to_profile_id, '') <> from_profile_id

)

select present.*
from present
left join touched on present.from_profile_id = touched.from_profile_id
where
    present.from_profile_id is null
    or touched.from_profile_id is not null
"""
"""Identifiers of profiles that would not stay as they are, and those that would be new."""

CHANGES: Final = """
with

heirs as (

    select
        from_profile_id,
        to_profile_id,
        first_seen_at,
        identifier_type,
        identifier_value
    from {moves} as moves
    where
        from_profile_id is not null
        and to_profile_id is not null
    qualify row_number() over (
        partition by from_profile_id
        order by is_younger, first_seen_at, identifier_type, identifier_value
    ) = 1

),

lives as (

    select distinct profile_id from {live} as live

),

renames as (

    select heirs.from_profile_id
    from heirs
    left join lives on heirs.to_profile_id = lives.profile_id
    where lives.profile_id is null
    qualify row_number() over (
        partition by heirs.to_profile_id
        order by heirs.first_seen_at, heirs.identifier_type, heirs.identifier_value
    ) = 1

),

parts as (

    select
        from_profile_id,
        to_profile_id,
        count(*) as identifiers
    from {moves} as moves
    group by 1, 2

),

final as (

    select
        case
            when parts.from_profile_id is null then 'new'
            when parts.to_profile_id <> heirs.to_profile_id then 'split'
            when renames.from_profile_id is not null then 'rename'
            else 'merge'
        end as kind,
        parts.from_profile_id,
        parts.to_profile_id,
        parts.identifiers
    from parts
    left join heirs on parts.from_profile_id = heirs.from_profile_id
    left join renames on parts.from_profile_id = renames.from_profile_id
    where
        parts.to_profile_id is not null
        and (parts.from_profile_id is null or parts.from_profile_id <> parts.to_profile_id)
        and (
            parts.from_profile_id is not null
            or parts.to_profile_id not in (
                select to_profile_id
                from parts
                where
                    from_profile_id is not null
                    and to_profile_id is not null
                union all
                select profile_id from lives
            )
        )

    union all

    select
        'gone' as kind,
        parts.from_profile_id,
        parts.to_profile_id,
        parts.identifiers
    from parts
    left join heirs on parts.from_profile_id = heirs.from_profile_id
    where
        parts.from_profile_id is not null
        and parts.to_profile_id is null
        and heirs.from_profile_id is null

)

select * from final
"""
"""Merges, splits, renames, profiles that would be gone and new ones, each with its number of identifiers."""
