{#- One row per pair of identifiers that alias events link, with the earliest such event; of two user_ids the lesser first. -#}

with

pairs as (

    select
        'user_id' as identifier_type,
        case when previous_type = 'user_id' then least(user_id, previous_value) else user_id end as identifier_value,
        previous_type as other_type,
        case when previous_type = 'user_id' then greatest(user_id, previous_value) else previous_value end as other_value,
        occurred_at as first_seen_at,
        source_id,
        event_id

    from {{ ref('int_segmentloom__aliases') }}

    where
        user_id is not null
        and not (previous_type = 'user_id' and previous_value = user_id)

)

select
    {{ segmentloom.graph_key('identifier_type', 'identifier_value') }} as identifier_key,
    {{ segmentloom.graph_key('other_type', 'other_value') }} as other_key,
    *

from pairs

where true

qualify row_number() over (
    partition by identifier_type, identifier_value, other_type, other_value
    order by first_seen_at, source_id, event_id
) = 1
