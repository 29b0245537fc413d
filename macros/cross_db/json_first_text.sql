{# The JSON text of the first element of an array, of the text of that array; null when there is none. #}
{% macro json_first_text(expression) -%}
    {{ return(adapter.dispatch('json_first_text', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__json_first_text(expression) -%}
    cast(json_extract(cast({{ expression }} as json), '$[0]') as varchar)
{%- endmacro %}

{% macro bigquery__json_first_text(expression) -%}
    json_query({{ expression }}, '$[0]')
{%- endmacro %}

{% macro snowflake__json_first_text(expression) -%}
    to_json(get(parse_json({{ expression }}), 0))
{%- endmacro %}
