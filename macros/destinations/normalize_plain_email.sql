{# Webhooks, and destinations of your own: trimmed, lower case; dots and tags stay. #}
{% macro normalize_plain_email(expression) -%}
    {%- set clean = segmentloom.trim_lower(expression) -%}
    case when {{ segmentloom.matches_fully(clean, segmentloom.email_pattern()) }} then {{ clean }} end
{%- endmacro %}
