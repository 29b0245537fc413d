{# The JSON text of a value of any type: `{"a":1}` of JSON, `"a"` of the text a, `1.5` of a number. #}
{% macro json_to_text(expression) -%}
    {{ return(adapter.dispatch('json_to_text', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__json_to_text(expression) -%}
    cast(to_json({{ expression }}) as varchar)
{%- endmacro %}

{# to_json_string() makes the text null of a null. #}
{% macro bigquery__json_to_text(expression) -%}
    case when {{ expression }} is not null then to_json_string({{ expression }}) end
{%- endmacro %}

{% macro snowflake__json_to_text(expression) -%}
    to_json(to_variant({{ expression }}))
{%- endmacro %}
