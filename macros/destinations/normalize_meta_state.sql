{# Meta: the state; in the USA its two letters, lower case, no punctuation, no blanks, accents kept. #}
{% macro normalize_meta_state(expression) -%}
    nullif({{ segmentloom.without_blanks(segmentloom.plain_name(expression)) }}, '')
{%- endmacro %}
