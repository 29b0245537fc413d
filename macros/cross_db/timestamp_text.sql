{# A UTC timestamp as text, the same on every engine: 2026-11-20T10:00:00.000000Z. #}
{% macro timestamp_text(expression) -%}
    {{ return(adapter.dispatch('timestamp_text', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__timestamp_text(expression) -%}
    strftime({{ expression }}, '%Y-%m-%dT%H:%M:%S.%fZ')
{%- endmacro %}

{% macro bigquery__timestamp_text(expression) -%}
    format_timestamp('%Y-%m-%dT%H:%M:%E6SZ', {{ expression }})
{%- endmacro %}

{% macro snowflake__timestamp_text(expression) -%}
    to_varchar({{ expression }}, 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"')
{%- endmacro %}
