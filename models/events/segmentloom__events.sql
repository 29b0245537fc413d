{{ config(materialized='table', alias='events') }}

with

deliveries as (

    select * from {{ ref('stg_segmentloom__deliveries') }}

),

first_deliveries as (

    select *

    from deliveries

    where reason is null

    qualify row_number() over (
        partition by source_id, event_id
        order by loaded_at, load_id, line_number, received_at
    ) = 1

),

identified as (

    {{ segmentloom.usable_identifiers('first_deliveries') }}

),

final as (

    select
        event_id,
        source_id,
        type,
        event,
        occurred_at,
        received_at,
        loaded_at,
        anonymous_id,
        user_id,
        previous_id,
        email,
        properties,
        traits,
        context,
        cast(occurred_at as date) as event_date,
        case
            when usable_user_id is not null then 'user_id'
            when usable_email is not null then 'email'
            when usable_anonymous_id is not null then 'anonymous_id'
        end as owner_type,
        coalesce(usable_user_id, usable_email, usable_anonymous_id) as owner_value

    from identified

)

select * from final
