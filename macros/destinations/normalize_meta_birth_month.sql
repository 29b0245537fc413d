{# Meta: two digits. #}
{% macro normalize_meta_birth_month(expression) -%}
    {%- set clean = segmentloom.trim_lower(expression) -%}
    case when {{ segmentloom.matches_fully(clean, '0?[1-9]|1[0-2]') }} then right('0' || {{ clean }}, 2) end
{%- endmacro %}
