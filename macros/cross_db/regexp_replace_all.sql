{# A text with every match of a pattern replaced. Write patterns that POSIX and RE2 both know, as in matches_fully. #}
{% macro regexp_replace_all(expression, pattern, replacement) -%}
    {{ return(adapter.dispatch('regexp_replace_all', 'segmentloom')(expression, pattern, replacement)) }}
{%- endmacro %}

{% macro default__regexp_replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, {{ segmentloom.literal(pattern) }}, {{ segmentloom.literal(replacement) }}, 'g')
{%- endmacro %}

{% macro bigquery__regexp_replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, {{ segmentloom.literal(pattern) }}, {{ segmentloom.literal(replacement) }})
{%- endmacro %}

{% macro snowflake__regexp_replace_all(expression, pattern, replacement) -%}
    {{ segmentloom.bigquery__regexp_replace_all(expression, pattern, replacement) }}
{%- endmacro %}
