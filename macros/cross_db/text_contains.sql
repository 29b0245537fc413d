{# Whether a text holds a part, by character, without wildcards. #}
{% macro text_contains(expression, part) -%}
    {{ return(adapter.dispatch('text_contains', 'segmentloom')(expression, part)) }}
{%- endmacro %}

{% macro default__text_contains(expression, part) -%}
    contains({{ expression }}, {{ part }})
{%- endmacro %}

{% macro bigquery__text_contains(expression, part) -%}
    strpos({{ expression }}, {{ part }}) > 0
{%- endmacro %}
