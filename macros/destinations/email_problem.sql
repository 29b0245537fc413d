{#-
    Why an e-mail address is nobody's, whatever the platform: double_hashed or placeholder; null for any other.

    A platform's hash of a hash matches nobody, and what everybody types in who will not give an address would be sent
    as one person. See docs/destinations.md.
-#}
{% macro email_problem(expression) -%}
    {%- set clean = segmentloom.trim_lower(expression) -%}
    {%- set locals = [
        'test', 'testing', 'tester', 'test1', 'noreply', 'no-reply', 'no_reply', 'donotreply', 'do-not-reply', 'none', 'null',
        'undefined', 'na', 'nomail', 'noemail', 'no-email', 'no_email', 'unknown', 'anonymous', 'asdf', 'fake', 'dummy',
        'example', 'invalid',
    ] -%}
    {%- set domains = [
        'test[.]com', 'none[.]com', 'nomail[.]com', 'noemail[.]com', 'no-email[.]com', 'fake[.]com', 'asdf[.]com',
        '[^@]*[.](invalid|test|localhost)', 'localhost',
    ] -%}
    case
        when {{ segmentloom.is_hash(clean) }} then 'double_hashed'
        when {{ segmentloom.matches_fully(clean, '(' ~ locals | join('|') ~ ')@.+|.+@(' ~ domains | join('|') ~ ')') }}
            then 'placeholder'
    end
{%- endmacro %}

{# Whether a text in lower case is a SHA-256 already. #}
{% macro is_hash(expression) -%}
    {{ return(segmentloom.matches_fully(expression, '[0-9a-f]{64}')) }}
{%- endmacro %}
