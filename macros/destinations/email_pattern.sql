{# What an e-mail address must match: one @ with something on both sides, no white space. #}
{% macro email_pattern(domain=none) -%}
    {%- set part = '[^@' ~ segmentloom.blank_characters() ~ ']+' -%}
    {{ return(part ~ '@' ~ domain | default(part, true)) }}
{%- endmacro %}
