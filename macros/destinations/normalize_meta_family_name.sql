{# Meta: lower case, no punctuation, accents and blanks inside kept. #}
{% macro normalize_meta_family_name(expression) -%}
    {{ segmentloom.plain_name(expression) }}
{%- endmacro %}
