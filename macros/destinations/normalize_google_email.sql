{#-
    Google: trimmed, lower case; at gmail.com and googlemail.com the local part loses its dots and what follows a +.

    An address with white space inside is null: Google's own library refuses it, its guide removes the white space.
-#}
{% macro normalize_google_email(expression) -%}
    {%- set clean = segmentloom.trim_lower(expression) -%}
    {%- set local = segmentloom.regexp_replace_all(clean, '[+@].*$', '') -%}
    case
        when {{ segmentloom.matches_fully(clean, segmentloom.email_pattern('(gmail|googlemail)[.]com')) }}
            then nullif(replace({{ local }}, '.', ''), '') || {{ segmentloom.regexp_replace_all(clean, '^[^@]*', '') }}
        when {{ segmentloom.matches_fully(clean, segmentloom.email_pattern()) }} then {{ clean }}
    end
{%- endmacro %}
