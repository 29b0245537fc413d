{# Whether the whole text matches a pattern. Write patterns that POSIX and RE2 both know: no \d, no (?:...). #}
{% macro matches_fully(expression, pattern) -%}
    {{ return(adapter.dispatch('matches_fully', 'segmentloom')(expression, pattern)) }}
{%- endmacro %}

{% macro default__matches_fully(expression, pattern) -%}
    regexp_full_match({{ expression }}, {{ segmentloom.literal(pattern) }})
{%- endmacro %}

{% macro bigquery__matches_fully(expression, pattern) -%}
    regexp_contains({{ expression }}, {{ segmentloom.literal('^(' ~ pattern ~ ')$') }})
{%- endmacro %}

{% macro snowflake__matches_fully(expression, pattern) -%}
    regexp_like({{ expression }}, {{ segmentloom.literal('^(' ~ pattern ~ ')$') }})
{%- endmacro %}
