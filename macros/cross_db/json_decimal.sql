{# What lies at a path as an exact number: JSON numbers and numeric text; null for everything else. #}
{% macro json_decimal(column, path) -%}
    {{ segmentloom.text_to_decimal(segmentloom.json_raw_text(column, path)) }}
{%- endmacro %}
