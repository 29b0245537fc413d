{# Meta: the city, lower case, no punctuation, no blanks, accents kept. #}
{% macro normalize_meta_city(expression) -%}
    nullif({{ segmentloom.without_blanks(segmentloom.plain_name(expression)) }}, '')
{%- endmacro %}
