{#- One row per identifier type and lower-case value that says nothing about who someone is. -#}
{%- set placeholders = [
    'null', 'undefined', 'none', 'nil', 'nan', 'n/a', 'anonymous', 'guest', 'unknown', '0', '-1', '[object object]',
    '00000000-0000-0000-0000-000000000000',
] %}

with

types as (

    {% for type in segmentloom.identifier_types() + ['phone'] -%}
    {{ 'union all ' if not loop.first }}select '{{ type }}' as identifier_type
    {% endfor %}

),

blocked as (

    {% for placeholder in placeholders -%}
    {{ 'union all ' if not loop.first }}select '' as identifier_type, '{{ placeholder }}' as identifier_value
    {% endfor %}
    {% for listed in segmentloom.planned_blocks() -%}
    union all

    select
        coalesce(lower(trim(identifier_type)), '') as identifier_type,
        lower(trim(identifier_value)) as identifier_value

    from {{ listed }}
    {% endfor %}

),

final as (

    select distinct
        types.identifier_type,
        blocked.identifier_value

    from types
    inner join blocked on blocked.identifier_type in ('', types.identifier_type)

)

select * from final
