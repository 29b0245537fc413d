{#- One row per event, with its identifiers that are not blocked; previous_id of an alias as it was sent. -#}

with

identified as (

    {{ segmentloom.usable_identifiers(ref('segmentloom__events')) }}

),

final as (

    select
        source_id,
        event_id,
        occurred_at,
        usable_user_id as user_id,
        usable_email as email,
        usable_anonymous_id as anonymous_id,
        case when type = 'alias' then previous_id end as previous_id

    from identified

)

select * from final
