{# Whether a value's text holds, or begins with, a part. #}
{% macro compare_text(column, path, operator, part) -%}
    {%- set text = segmentloom.json_text(column, path) -%}
    {%- if operator == 'contains' -%} coalesce({{ segmentloom.text_contains(text, segmentloom.literal(part)) }}, false)
    {%- else -%} coalesce({{ segmentloom.text_starts_with(text, segmentloom.literal(part)) }}, false)
    {%- endif -%}
{%- endmacro %}
