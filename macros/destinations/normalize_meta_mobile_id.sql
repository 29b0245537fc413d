{# Meta: lower case with its hyphens, not hashed. #}
{% macro normalize_meta_mobile_id(expression) -%}
    {{ segmentloom.mobile_id(expression) }}
{%- endmacro %}
