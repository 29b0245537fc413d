{# Whether there is a value at all; JSON null is none, empty text is one. #}
{% macro compare_exists(column, path, wanted) -%}
    {{ segmentloom.json_kind(column, path) }} is {{ 'not null' if wanted else 'null' }}
{%- endmacro %}
