{# Meta: two lower-case letters (and hashed, other than at Google). #}
{% macro normalize_meta_country(expression) -%}
    {%- set clean = segmentloom.trim_lower(expression) -%}
    case when {{ segmentloom.matches_fully(clean, '[a-z]{2}') }} then {{ clean }} end
{%- endmacro %}
