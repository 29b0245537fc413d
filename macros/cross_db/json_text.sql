{# The text of a scalar at a path: text as it is, true/false, whole numbers as digits; null for what is missing, JSON null, an object or an array. #}
{% macro json_text(column, path) -%}
    case {{ segmentloom.json_kind(column, path) }}
        when 'string' then {{ segmentloom.json_raw_text(column, path) }}
        when 'boolean' then {{ segmentloom.json_raw_text(column, path) }}
        when 'number' then {{ segmentloom.number_text(segmentloom.json_raw_text(column, path)) }}
    end
{%- endmacro %}
