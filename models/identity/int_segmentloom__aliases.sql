{#-
    One row per alias event with a previous_id that is not blocked, and the type that the previous_id is of: a user_id,
    unless its value occurs only as an anonymous_id.
-#}

with

aliases as (

    select * from {{ ref('int_segmentloom__alias_events') }}

),

named as (

    select
        identifier_value,
        max(case when identifier_type = 'user_id' then 1 else 0 end) as is_user_id,
        max(case when identifier_type = 'anonymous_id' then 1 else 0 end) as is_anonymous_id

    from {{ ref('int_segmentloom__sightings') }}

    where
        identifier_type in ('user_id', 'anonymous_id')
        and identifier_value in (select previous_id from aliases)

    group by identifier_value

),

typed as (

    select
        aliases.source_id,
        aliases.event_id,
        aliases.occurred_at,
        aliases.user_id,
        case
            when named.is_user_id = 0 and named.is_anonymous_id = 1 then 'anonymous_id'
            else 'user_id'
        end as previous_type,
        aliases.previous_id as previous_value

    from aliases
    left join named on named.identifier_value = aliases.previous_id

),

final as (

    select
        typed.source_id,
        typed.event_id,
        typed.occurred_at,
        typed.user_id,
        {{ segmentloom.graph_key('typed.previous_type', 'typed.previous_value') }} as previous_key,
        typed.previous_type,
        typed.previous_value

    from typed
    left join {{ ref('int_segmentloom__blocked_identifiers') }} as blocked
        on
            blocked.identifier_type = typed.previous_type
            and blocked.identifier_value = lower(typed.previous_value)

    where blocked.identifier_value is null

)

select * from final
