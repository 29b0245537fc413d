{# Complete ISO 8601 text, zone included, as a UTC timestamp; null where there is no such time. #}
{% macro cast_to_utc(expression) -%}
    {{ return(adapter.dispatch('cast_to_utc', 'segmentloom')(expression)) }}
{%- endmacro %}

{# A cast to DuckDB's timestamp without zone drops the offset silently. #}
{% macro default__cast_to_utc(expression) -%}
    timezone('UTC', try_cast({{ expression }} as timestamptz))
{%- endmacro %}

{% macro bigquery__cast_to_utc(expression) -%}
    safe_cast({{ expression }} as timestamp)
{%- endmacro %}

{% macro snowflake__cast_to_utc(expression) -%}
    convert_timezone('UTC', try_cast({{ expression }} as timestamp_tz))::timestamp_ntz
{%- endmacro %}
