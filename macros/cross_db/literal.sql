{# A value from a file as an SQL literal: the only way user text enters a query. Refuses what no engine can hold. #}
{% macro literal(value) -%}
    {{ return(adapter.dispatch('literal', 'segmentloom')(value)) }}
{%- endmacro %}

{% macro default__literal(value) -%}
    {%- if value is none or value is undefined -%} null
    {%- elif value is boolean -%} {{ 'true' if value else 'false' }}
    {%- elif value is number -%} {{ value }}
    {%- elif value is string -%}
        {%- if '\x00' in value -%}
            {{ exceptions.raise_compiler_error('segmentloom: a text value holds a zero byte, which no warehouse can store') }}
        {%- endif -%}
        '{{ value | replace("'", "''") }}'
    {%- else -%}
        {{ exceptions.raise_compiler_error('segmentloom: only text, numbers and booleans can become SQL literals') }}
    {%- endif -%}
{%- endmacro %}

{# BigQuery and Snowflake read a backslash in a quoted string as an escape; BigQuery allows no raw line ends there. #}
{% macro bigquery__literal(value) -%}
    {%- if value is string and '\x00' not in value -%}
        '{{ value
            | replace("\\", "\\\\")
            | replace("'", "\\'")
            | replace("\n", "\\n")
            | replace("\r", "\\r") }}'
    {%- else -%} {{ segmentloom.default__literal(value) }}
    {%- endif -%}
{%- endmacro %}

{% macro snowflake__literal(value) -%}
    {{ segmentloom.bigquery__literal(value) }}
{%- endmacro %}
