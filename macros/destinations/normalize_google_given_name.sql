{# Google: lower case, no title, no punctuation, accents kept. Google's own library keeps titles and punctuation, its documentation forbids both. #}
{% macro normalize_google_given_name(expression) -%}
    {%- set title = '^(mr|mrs|ms|miss|mx|dr|prof)[.]?[' ~ segmentloom.blank_characters() ~ ']+' -%}
    {{ segmentloom.plain_name(segmentloom.regexp_replace_all(segmentloom.trim_lower(expression), title, '')) }}
{%- endmacro %}
