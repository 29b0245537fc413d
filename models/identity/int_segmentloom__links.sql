{#- One row per pair of identifiers that one event showed together, with the earliest such event. -#}
{{ config(materialized='table') }}

with

events as (

    select * from {{ ref('int_segmentloom__event_identifiers') }}

),

pairs as (

    {% for type, other in [('user_id', 'email'), ('user_id', 'anonymous_id'), ('email', 'anonymous_id')] -%}
    select
        '{{ type }}' as identifier_type,
        {{ type }} as identifier_value,
        '{{ other }}' as other_type,
        {{ other }} as other_value,
        occurred_at,
        source_id,
        event_id

    from events

    where
        {{ type }} is not null
        and {{ other }} is not null

    union all

    {% endfor -%}
    select
        'user_id' as identifier_type,
        case when previous_type = 'user_id' then least(user_id, previous_value) else user_id end as identifier_value,
        previous_type as other_type,
        case when previous_type = 'user_id' then greatest(user_id, previous_value) else previous_value end as other_value,
        occurred_at,
        source_id,
        event_id

    from {{ ref('int_segmentloom__aliases') }}

    where
        user_id is not null
        and not (previous_type = 'user_id' and previous_value = user_id)

),

final as (

    select
        {{ segmentloom.identifier_key("identifier_type || ':' || identifier_value") }} as identifier_key,
        {{ segmentloom.identifier_key("other_type || ':' || other_value") }} as other_key,
        identifier_type,
        identifier_value,
        other_type,
        other_value,
        occurred_at as first_seen_at,
        source_id,
        event_id

    from pairs

    where true

    qualify row_number() over (
        partition by identifier_type, identifier_value, other_type, other_value
        order by occurred_at, source_id, event_id
    ) = 1

)

select * from final
