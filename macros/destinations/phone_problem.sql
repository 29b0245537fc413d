{#-
    Why a phone number is nobody's, whatever the platform: double_hashed, placeholder (one digit again and again, or the
    digits in order), no_country_code or malformed; null for an E.164 number.
-#}
{% macro phone_problem(expression) -%}
    {%- set alike, repeated = [], [] -%}
    {%- for digit in range(10) -%}
        {%- do alike.append(digit ~ '+') -%}
        {%- do repeated.append(digit ~ '{8,}') -%}
    {%- endfor -%}
    {%- set counted = '0?123456789|0?1234567890|9876543210|987654321' -%}
    {%- set placeholders = (
        alike + ['[0-9]{1,3}(' ~ (repeated + [counted]) | join('|') ~ ')', counted, '0?1234567', '0?12345678']
    ) | join('|') -%}
    {%- set digits = segmentloom.regexp_replace_all(expression, '[^0-9]+', '') -%}
    case
        when {{ segmentloom.is_hash(segmentloom.trim_lower(expression)) }} then 'double_hashed'
        when {{ segmentloom.matches_fully(digits, placeholders) }} then 'placeholder'
        when {{ segmentloom.matches_fully(expression, segmentloom.e164_pattern()) }} then null
        when {{ segmentloom.matches_fully(segmentloom.phone_digits(expression), '0?[1-9][0-9]{4,13}') }}
            then 'no_country_code'
        when {{ expression }} is not null then 'malformed'
    end
{%- endmacro %}
