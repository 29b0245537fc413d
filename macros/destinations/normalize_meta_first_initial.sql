{# Meta: the first letter of the given name. #}
{% macro normalize_meta_first_initial(expression) -%}
    substr({{ segmentloom.plain_name(expression) }}, 1, 1)
{%- endmacro %}
