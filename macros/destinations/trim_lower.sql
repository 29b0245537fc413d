{# A text in lower case without the white space around it. #}
{% macro trim_lower(expression) -%}
    {%- set blanks = '[' ~ segmentloom.blank_characters() ~ ']+' -%}
    lower({{ segmentloom.regexp_replace_all(expression, '^' ~ blanks ~ '|' ~ blanks ~ '$', '') }})
{%- endmacro %}
