{# Meta: four digits, 1900 to 2099. #}
{% macro normalize_meta_birth_year(expression) -%}
    {%- set clean = segmentloom.trim_lower(expression) -%}
    case when {{ segmentloom.matches_fully(clean, '(19|20)[0-9]{2}') }} then {{ clean }} end
{%- endmacro %}
