{# Google: two upper-case letters, not hashed. #}
{% macro normalize_google_country(expression) -%}
    {%- set clean = segmentloom.trim_lower(expression) -%}
    case when {{ segmentloom.matches_fully(clean, '[a-z]{2}') }} then upper({{ clean }}) end
{%- endmacro %}
