{#-
    A phone number as + and digits (E.164); null unless it has a country code: + or 00 and 8 to 15 ASCII digits.

    A number without a country code would need a guess, and letters may be an extension: a wrong number is worse than
    none. The (0) that some write after the country code is not part of the number.
-#}
{% macro international_phone(expression) -%}
    {%- set separators = '[().,/\u2010\u2011\u2012\u2013\u2014' ~ segmentloom.blank_characters() ~ '-]+' -%}
    {%- set bare = segmentloom.regexp_replace_all(expression, '[(]0[)]', '') -%}
    {%- set bare = segmentloom.regexp_replace_all(bare, separators, '') -%}
    case
        when {{ segmentloom.matches_fully(bare, '([+]|00)[1-9][0-9]{7,14}') }}
            then '+' || {{ segmentloom.regexp_replace_all(bare, '^([+]|00)', '') }}
    end
{%- endmacro %}
