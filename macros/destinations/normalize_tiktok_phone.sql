{#-
    TikTok: + and digits with country code; the + is hashed too.

    TikTok's pages disagree about the +, and the sample hash that they show fits neither form. It stays here, unless
    the var `segmentloom_tiktok_drop_phone_plus` is true.
-#}
{% macro normalize_tiktok_phone(expression) -%}
    {%- set number = segmentloom.international_phone(expression) -%}
    {%- if var('segmentloom_tiktok_drop_phone_plus', false) -%}
        {{ segmentloom.regexp_replace_all(number, '^[+]', '') }}
    {%- else -%}
        {{ number }}
    {%- endif -%}
{%- endmacro %}
