{#- One row per event that belongs to a profile. -#}

select
    identifiers.profile_id,
    events.*

from {{ ref('segmentloom__events') }} as events
inner join {{ ref('segmentloom__identifiers') }} as identifiers
    on
        identifiers.identifier_type = events.owner_type
        and identifiers.identifier_value = events.owner_value
