{#- One row per identifier, with the events that showed it. -#}
{{ config(materialized='table') }}

with

events as (

    select * from {{ ref('int_segmentloom__event_identifiers') }}

),

sightings as (

    {% for type in segmentloom.identifier_types() -%}
    select '{{ type }}' as identifier_type, {{ type }} as identifier_value, occurred_at, 1 as is_event

    from events

    where {{ type }} is not null

    union all

    {% endfor -%}
    {#- A previous_id was seen, but the event is not its own. -#}
    select previous_type as identifier_type, previous_value as identifier_value, occurred_at, 0 as is_event

    from {{ ref('int_segmentloom__aliases') }}

),

final as (

    select
        {{ segmentloom.identifier_key("identifier_type || ':' || identifier_value") }} as identifier_key,
        identifier_type,
        identifier_value,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at,
        sum(is_event) as event_count

    from sightings

    group by identifier_type, identifier_value

)

select * from final
