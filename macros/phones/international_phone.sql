{#-
    A phone number that has a country code as + and digits (E.164): one that begins with + or 00 and has as many digits as
    numbers of its country have; else null.

    Letters make it null: they may be an extension, and a wrong number is worse than none. The (0) that some write after the country
    code is dropped where it is not part of the number.
-#}
{% macro international_phone(expression) -%}
    {%- set kept = segmentloom.regexp_replace_all(segmentloom.phone_digits(expression), '^00', '+') -%}
    {%- set without_trunk_prefix = segmentloom.regexp_replace_all(expression, '[(]0[)]', '') -%}
    {%- set dropped = segmentloom.regexp_replace_all(segmentloom.phone_digits(without_trunk_prefix), '^00', '+') -%}
    case
        when {{ segmentloom.matches_fully(kept, segmentloom.e164_pattern()) }} then {{ kept }}
        when {{ segmentloom.matches_fully(dropped, segmentloom.e164_pattern()) }} then {{ dropped }}
    end
{%- endmacro %}

{# A phone number without what people write between its digits. #}
{% macro phone_digits(expression) -%}
    {%- set separators = '[()./\u2010\u2011\u2012\u2013\u2014' ~ segmentloom.blank_characters() ~ '-]+' -%}
    {{ return(segmentloom.regexp_replace_all(expression, separators, '')) }}
{%- endmacro %}
