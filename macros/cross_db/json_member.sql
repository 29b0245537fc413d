{# The JSON under a top-level key, of any kind; null when the key is missing. #}
{% macro json_member(expression, key) -%}
    {{ return(adapter.dispatch('json_member', 'segmentloom')(expression, key)) }}
{%- endmacro %}

{% macro default__json_member(expression, key) -%}
    json_extract({{ expression }}, '$.{{ key }}')
{%- endmacro %}

{% macro bigquery__json_member(expression, key) -%}
    {{ expression }}['{{ key }}']
{%- endmacro %}

{% macro snowflake__json_member(expression, key) -%}
    get({{ expression }}, '{{ key }}')
{%- endmacro %}
