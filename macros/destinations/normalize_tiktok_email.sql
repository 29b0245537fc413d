{#-
    TikTok: lower case without any white space, inside it too; dots stay.

    TikTok's pages disagree about what follows a +: one drops it, another keeps it. It stays here, unless the var
    `segmentloom_tiktok_drop_email_tag` is true.
-#}
{% macro normalize_tiktok_email(expression) -%}
    {%- set clean = segmentloom.without_blanks('lower(' ~ expression ~ ')') -%}
    {%- if var('segmentloom_tiktok_drop_email_tag', false) -%}
        {%- set clean = segmentloom.regexp_replace_all(clean, '[+][^@]*', '') -%}
    {%- endif -%}
    case when {{ segmentloom.matches_fully(clean, segmentloom.email_pattern()) }} then {{ clean }} end
{%- endmacro %}
