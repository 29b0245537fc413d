{# Meta: digits with country code, without the +. #}
{% macro normalize_meta_phone(expression) -%}
    {{ segmentloom.regexp_replace_all(segmentloom.international_phone(expression), '^[+]', '') }}
{%- endmacro %}
