{# The JSON at a path, of any kind; null when there is none. #}
{% macro json_at(column, path) -%}
    {{ return(adapter.dispatch('json_at', 'segmentloom')(column, path)) }}
{%- endmacro %}

{% macro default__json_at(column, path) -%}
    json_extract({{ column }}, {{ segmentloom.json_path(path) }})
{%- endmacro %}

{% macro bigquery__json_at(column, path) -%}
    json_query({{ column }}, {{ segmentloom.json_path(path) }})
{%- endmacro %}

{% macro snowflake__json_at(column, path) -%}
    {{ segmentloom.snowflake_json_value(column, path) }}
{%- endmacro %}

{# Its text; null for JSON null, too. #}
{% macro json_text_at(column, path) -%}
    nullif({{ segmentloom.json_to_text(segmentloom.json_at(column, path)) }}, 'null')
{%- endmacro %}
