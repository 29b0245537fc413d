{# Whether a text begins with a part, by character, without wildcards. #}
{% macro text_starts_with(expression, part) -%}
    {{ return(adapter.dispatch('text_starts_with', 'segmentloom')(expression, part)) }}
{%- endmacro %}

{% macro default__text_starts_with(expression, part) -%}
    starts_with({{ expression }}, {{ part }})
{%- endmacro %}

{% macro snowflake__text_starts_with(expression, part) -%}
    startswith({{ expression }}, {{ part }})
{%- endmacro %}
