{# The text of a scalar at a path: text as it is, true/false, whole numbers as digits; null for what is missing, JSON null, an object or an array. #}
{% macro json_text(column, path) -%}
    case
        when {{ segmentloom.json_kind(column, path) }} in ('string', 'boolean') then {{ segmentloom.json_raw_text(column, path) }}
        when {{ segmentloom.json_kind(column, path) }} = 'number'
            then {{ segmentloom.number_text(segmentloom.json_raw_text(column, path)) }}
    end
{%- endmacro %}
