{{ config(alias='identity_conflicts') }}

with

{# Its table is written when the map is. -#}
refused as (

    select * from {{ ref('int_segmentloom__refused_links') }}

),

identifiers as (

    select * from {{ ref('int_segmentloom__identity_map') }}

),

oversized as (

    select
        component_key,
        count(*) as identifier_count

    from identifiers

    group by component_key

    having count(*) > {{ var('segmentloom_max_identifiers_per_profile') }}

),

final as (

    select
        rule,
        identifier_type,
        identifier_value,
        other_type,
        other_value,
        link_count,
        link_limit as {{ adapter.quote('limit') }},
        first_seen_at

    from refused

    union all

    select
        'oversized_profile' as rule,
        oldest.identifier_type,
        oldest.identifier_value,
        cast(null as {{ dbt.type_string() }}) as other_type,
        cast(null as {{ dbt.type_string() }}) as other_value,
        cast(oversized.identifier_count as {{ dbt.type_bigint() }}) as link_count,
        cast({{ var('segmentloom_max_identifiers_per_profile') }} as {{ dbt.type_bigint() }}) as {{ adapter.quote('limit') }},
        oldest.first_seen_at

    from oversized
    inner join identifiers as oldest on oldest.identifier_key = oversized.component_key

)

select * from final
