{# What lies at a path, as text: numbers as the engine writes them, null when missing or JSON null, unspecified for objects and arrays.
   For values whose kind is tested otherwise; `json_text` is the exact one. #}
{% macro json_raw_text(column, path) -%}
    {{ return(adapter.dispatch('json_raw_text', 'segmentloom')(column, path)) }}
{%- endmacro %}

{% macro default__json_raw_text(column, path) -%}
    json_extract_string({{ column }}, {{ segmentloom.json_path(path) }})
{%- endmacro %}

{% macro bigquery__json_raw_text(column, path) -%}
    json_value({{ column }}, {{ segmentloom.json_path(path) }})
{%- endmacro %}

{% macro snowflake__json_raw_text(column, path) -%}
    {{ segmentloom.snowflake_json_value(column, path) }}::string
{%- endmacro %}
