{# A name in lower case without punctuation; letters of any alphabet and blanks inside it stay. Null when nothing is left. #}
{% macro plain_name(expression) -%}
    {%- set bare = segmentloom.regexp_replace_all(segmentloom.trim_lower(expression), '[[:punct:]\u2018\u2019\u00b4]+', '') -%}
    nullif({{ segmentloom.trim_lower(bare) }}, '')
{%- endmacro %}
