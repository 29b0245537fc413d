{#- One row per alias event with a previous_id that is not blocked, and the type that the previous_id is of. -#}
{{ config(materialized='table') }}

with

events as (

    select * from {{ ref('int_segmentloom__event_identifiers') }}

),

aliases as (

    select * from events

    where previous_id is not null

),

user_ids as (

    select distinct user_id from events

    where user_id in (select previous_id from aliases)

),

anonymous_ids as (

    select distinct anonymous_id from events

    where anonymous_id in (select previous_id from aliases)

),

typed as (

    select
        aliases.source_id,
        aliases.event_id,
        aliases.occurred_at,
        aliases.user_id,
        case
            when user_ids.user_id is null and anonymous_ids.anonymous_id is not null then 'anonymous_id'
            else 'user_id'
        end as previous_type,
        aliases.previous_id as previous_value

    from aliases
    left join user_ids on user_ids.user_id = aliases.previous_id
    left join anonymous_ids on anonymous_ids.anonymous_id = aliases.previous_id

),

final as (

    select typed.*

    from typed
    left join {{ ref('int_segmentloom__blocked_identifiers') }} as blocked
        on
            blocked.identifier_type = typed.previous_type
            and blocked.identifier_value = lower(typed.previous_value)

    where blocked.identifier_value is null

)

select * from final
