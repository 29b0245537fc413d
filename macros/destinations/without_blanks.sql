{# A text without any white space, inside it too. #}
{% macro without_blanks(expression) -%}
    {{ segmentloom.regexp_replace_all(expression, '[' ~ segmentloom.blank_characters() ~ ']+', '') }}
{%- endmacro %}
