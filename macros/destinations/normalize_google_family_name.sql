{# Google: lower case, no suffix, no punctuation, accents and blanks inside kept. #}
{% macro normalize_google_family_name(expression) -%}
    {%- set suffix = '[,' ~ segmentloom.blank_characters() ~ ']+(jr|sr|ii|iii|iv|md|phd)[.]?$' -%}
    {{ segmentloom.plain_name(segmentloom.regexp_replace_all(segmentloom.trim_lower(expression), suffix, '')) }}
{%- endmacro %}
