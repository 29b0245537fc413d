{{ config(materialized='table', alias='identifiers') }}

with

members as (

    select
        sightings.*,
        coalesce(components.component, sightings.identifier_key) as component

    from {{ ref('int_segmentloom__sightings') }} as sightings
    left join {{ ref('int_segmentloom__components') }} as components
        on components.node = sightings.identifier_key

),

named as (

    select
        identifier_type,
        identifier_value,
        first_seen_at,
        last_seen_at,
        event_count,
        first_value(identifier_type || ':' || identifier_value) over (
            partition by component
            order by first_seen_at, identifier_type, identifier_value
            rows between unbounded preceding and unbounded following
        ) as oldest_identifier

    from members

),

final as (

    select
        identifier_type,
        identifier_value,
        substr({{ segmentloom.sha256_hex('oldest_identifier') }}, 1, 32) as profile_id,
        first_seen_at,
        last_seen_at,
        cast(event_count as {{ dbt.type_bigint() }}) as event_count

    from named

)

select * from final
