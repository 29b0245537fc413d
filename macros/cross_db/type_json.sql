{# The column type that holds JSON. #}
{% macro type_json() -%}
    {{ return(adapter.dispatch('type_json', 'segmentloom')()) }}
{%- endmacro %}

{% macro default__type_json() -%}
    {{ return('json') }}
{%- endmacro %}

{% macro snowflake__type_json() -%}
    {{ return('variant') }}
{%- endmacro %}
