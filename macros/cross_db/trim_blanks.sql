{# A text without the ASCII blanks around it; null when nothing is left. #}
{% macro trim_blanks(expression) -%}
    {{ return(adapter.dispatch('trim_blanks', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__trim_blanks(expression) -%}
    nullif(trim({{ expression }}, e' \t\n\r\x0b\x0c'), '')
{%- endmacro %}

{% macro bigquery__trim_blanks(expression) -%}
    nullif(trim({{ expression }}, ' \t\n\r\v\f'), '')
{%- endmacro %}

{% macro snowflake__trim_blanks(expression) -%}
    nullif(trim(cast({{ expression }} as varchar), ' \t\n\r\x0b\f'), '')
{%- endmacro %}
