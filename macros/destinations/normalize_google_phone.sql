{# Google: + and digits with country code; the + is hashed too. #}
{% macro normalize_google_phone(expression) -%}
    {{ segmentloom.international_phone(expression) }}
{%- endmacro %}
