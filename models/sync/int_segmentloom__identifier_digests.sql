{#-
    One row per identifier and key, for profiles to be compared with what requests bar: the sync reads these, never identifiers.
    Empty as long as there is no key, that is until the first request; each new key is a reason to start from nothing.
-#}
{{
    config(
        materialized='keyed_state',
        meta={'key': ['profile_id'], 'feed': 'int_segmentloom__profile_changes'},
    )
}}
{%- set keys = segmentloom.suppression_keys() -%}
{%- set step = segmentloom.fold_step(keys.ids) %}

{{ segmentloom.write_step(step) }}

with

identifiers as (

    select
        profile_id,
        identifier_type || ':' || identifier_value as identifier

    from {{ ref('segmentloom__identifiers') }}

    {{ segmentloom.where_profile_changed(step) }}

),

final as (

    select
        identifiers.profile_id,
        keys.key_id,
        {{ segmentloom.sha256_hex('keys.secret_key || identifiers.identifier') }} as digest

    from identifiers
    cross join {% if keys.ids -%}
        {{ keys.relation }}
    {%- else -%}
        (
            select
                cast(null as {{ dbt.type_string() }}) as key_id,
                cast(null as {{ dbt.type_string() }}) as secret_key
            from identifiers
            where false
        )
    {%- endif %} as keys

)

select * from final
