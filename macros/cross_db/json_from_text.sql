{# JSON from a text that is known to be JSON. #}
{% macro json_from_text(expression) -%}
    {{ return(adapter.dispatch('json_from_text', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__json_from_text(expression) -%}
    cast({{ expression }} as json)
{%- endmacro %}

{% macro bigquery__json_from_text(expression) -%}
    parse_json({{ expression }}, wide_number_mode => 'round')
{%- endmacro %}

{% macro snowflake__json_from_text(expression) -%}
    parse_json({{ expression }})
{%- endmacro %}
