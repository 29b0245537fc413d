{{ config(alias='identifiers') }}

select
    identifier_type,
    identifier_value,
    profile_id,
    first_seen_at,
    last_seen_at,
    event_count

from {{ ref('int_segmentloom__identity_map') }}
