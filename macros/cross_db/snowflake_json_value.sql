{# A VARIANT at a path: keys in brackets match exactly, whatever they hold. #}
{% macro snowflake_json_value(column, path) -%}
    {{ column }}{% for key in path %}[{{ segmentloom.literal(key) }}]{% endfor %}
{%- endmacro %}
