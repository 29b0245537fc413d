"""The query that draws the profiles of a sampled check."""

from __future__ import annotations

from typing import Final

MEMBERS: Final = """
with

profiles as (

    select profile_id from {map} as identity_map
    union distinct
    select profile_id from {profiles} as profiles

),

drawn as (

    select profile_id
    from profiles
    order by
        {hash},
        profile_id
    limit {sample}

),

owners as (

    select distinct
        owner_type as identifier_type,
        owner_value as identifier_value
    from {events} as events
    where owner_type is not null

),

seen as (

    select identifier_type, identifier_value from owners
    union distinct
    select identifier_type, identifier_value from {sightings} as sightings

),

lost as (

    select
        seen.identifier_type,
        seen.identifier_value
    from seen
    left join {map} as identity_map
        on
            seen.identifier_type = identity_map.identifier_type
            and seen.identifier_value = identity_map.identifier_value
    where identity_map.identifier_type is null
    order by
        seen.identifier_type,
        seen.identifier_value
    limit {sample}

)

select
    identity_map.identifier_type,
    identity_map.identifier_value,
    drawn.profile_id
from drawn
left join {map} as identity_map on drawn.profile_id = identity_map.profile_id

union distinct

select
    lost.identifier_type,
    lost.identifier_value,
    cast(null as {text}) as profile_id
from lost
"""
"""Identifiers of drawn profiles, and identifiers that events or sightings show and no profile has."""
