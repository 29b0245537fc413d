{# Meta: two digits. #}
{% macro normalize_meta_birth_day(expression) -%}
    {%- set clean = segmentloom.trim_lower(expression) -%}
    case when {{ segmentloom.matches_fully(clean, '0?[1-9]|[12][0-9]|3[01]') }} then right('0' || {{ clean }}, 2) end
{%- endmacro %}
