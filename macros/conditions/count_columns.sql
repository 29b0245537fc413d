{# A select without rows that has the columns of counts. #}
{% macro count_columns(width) -%}
    select
        cast(null as {{ dbt.type_string() }}) as event,
        cast(null as {{ segmentloom.type_identifier_key() }}) as owner_key
        {%- for number in range(1, width + 1) %},
        cast(null as {{ segmentloom.type_count() }}) as n_{{ number }}
        {%- endfor %}
    limit 0
{%- endmacro %}
