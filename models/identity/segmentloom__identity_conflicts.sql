{{ config(materialized='table', alias='identity_conflicts') }}

with

refused as (

    select * from {{ ref('int_segmentloom__refused_links') }}

),

ranked as (

    select
        *,
        count(*) over (partition by profile_id) as identifier_count,
        row_number() over (
            partition by profile_id
            order by first_seen_at, identifier_type, identifier_value
        ) as place

    from {{ ref('segmentloom__identifiers') }}

),

oversized as (

    select * from ranked

    where
        place = 1
        and identifier_count > {{ var('segmentloom_max_identifiers_per_profile') }}

),

final as (

    select
        rule,
        identifier_type,
        identifier_value,
        other_type,
        other_value,
        cast(link_count as {{ dbt.type_bigint() }}) as link_count,
        cast(link_limit as {{ dbt.type_bigint() }}) as {{ adapter.quote('limit') }},
        first_seen_at

    from refused

    union all

    select
        'oversized_profile' as rule,
        identifier_type,
        identifier_value,
        cast(null as {{ dbt.type_string() }}) as other_type,
        cast(null as {{ dbt.type_string() }}) as other_value,
        cast(identifier_count as {{ dbt.type_bigint() }}) as link_count,
        cast({{ var('segmentloom_max_identifiers_per_profile') }} as {{ dbt.type_bigint() }}) as {{ adapter.quote('limit') }},
        first_seen_at

    from oversized

)

select * from final
