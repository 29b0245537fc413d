{# What lies at a path as a 64-bit float: JSON numbers and numeric text; null for everything else. #}
{% macro json_number(column, path) -%}
    {{ segmentloom.text_to_number(segmentloom.json_raw_text(column, path)) }}
{%- endmacro %}
