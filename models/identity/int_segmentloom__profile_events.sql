{#- One row per event with a name (track, page, screen) that belongs to a profile: what audiences count. -#}
{{ config(materialized='table') }}

select
    profile_id,
    source_id,
    event_id,
    event,
    occurred_at,
    properties,
    context

from {{ ref('int_segmentloom__owned_events') }}

where event is not null
