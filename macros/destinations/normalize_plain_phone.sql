{# Webhooks, and destinations of your own: + and digits with country code (E.164); the + is hashed too. #}
{% macro normalize_plain_phone(expression) -%}
    {{ segmentloom.international_phone(expression) }}
{%- endmacro %}
