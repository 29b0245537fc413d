{#-
    A phone number without a country code, read as people of a region write it, as + and digits (E.164); else null.

    A number that is as good with the country code in front of it as it stands, as 4930123456 is in Germany, is left out.
-#}
{% macro national_phone(expression, region) -%}
    {%- set plan, pattern = segmentloom.phone_regions()[region], segmentloom.e164_pattern() -%}
    {%- set digits = segmentloom.phone_digits(expression) -%}
    {%- set added = segmentloom.literal('+' ~ plan.country_code) ~ ' || ' ~ digits -%}
    {%- set starts_with_code = segmentloom.text_starts_with(digits, segmentloom.literal(plan.country_code)) -%}
    case
        when not coalesce({{ segmentloom.matches_fully(digits, '[0-9]+') }}, false) then null
        {%- for prefix in [plan.international_prefix] + plan.trunk_prefixes if prefix %}
        {%- set code = '' if loop.first and plan.international_prefix else plan.country_code %}
        {%- set tail = segmentloom.literal('+' ~ code) ~ ' || substr(' ~ digits ~ ', ' ~ (prefix | length + 1) ~ ')' %}
        when
            {{ segmentloom.text_starts_with(digits, segmentloom.literal(prefix)) }}
            and {{ segmentloom.matches_fully(tail, pattern) }}
            then {{ tail }}
        {%- endfor %}
        when {{ segmentloom.matches_fully(added, pattern) }}
            then case
                when {{ starts_with_code }} and {{ segmentloom.matches_fully("'+' || " ~ digits, pattern) }} then null
                else {{ added }}
            end
        when {{ starts_with_code }} and {{ segmentloom.matches_fully("'+' || " ~ digits, pattern) }}
            then '+' || {{ digits }}
    end
{%- endmacro %}
