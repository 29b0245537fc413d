{# A mobile advertising id in lower case; null for the id of those who opted out, and for anything else. #}
{% macro mobile_id(expression) -%}
    {%- set clean = segmentloom.trim_lower(expression) -%}
    case
        when {{ clean }} = '00000000-0000-0000-0000-000000000000' then null
        when {{ segmentloom.matches_fully(clean, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}') }} then {{ clean }}
    end
{%- endmacro %}
