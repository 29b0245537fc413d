{# Google: trimmed, not hashed, case kept. #}
{% macro normalize_google_postal_code(expression) -%}
    {%- set blanks = '[' ~ segmentloom.blank_characters() ~ ']+' -%}
    nullif({{ segmentloom.regexp_replace_all(expression, '^' ~ blanks ~ '|' ~ blanks ~ '$', '') }}, '')
{%- endmacro %}
