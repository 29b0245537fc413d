{#- One row per event with a name (track, page, screen) that belongs to a profile: what audiences count. -#}

select
    owners.profile_id,
    events.source_id,
    events.event_id,
    events.event,
    events.occurred_at,
    events.properties,
    events.context

from {{ ref('segmentloom__events') }} as events
inner join {{ ref('int_segmentloom__identity_map') }} as owners on owners.identifier_key = events.owner_key

where events.event is not null
