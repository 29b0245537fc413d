{#- A phone number as + and digits (E.164), read as of the var segmentloom_default_phone_region when it has no country code; else null. -#}
{% macro e164_phone(expression) -%}
    {%- set region = segmentloom.default_phone_region() -%}
    {%- if not region -%}
        {{ return(segmentloom.international_phone(expression)) }}
    {%- endif -%}
    coalesce(
        {{ segmentloom.international_phone(expression) }},
        {{ segmentloom.national_phone(expression, region) }}
    )
{%- endmacro %}

{# The region of phone numbers without a country code, two letters, or none. #}
{% macro default_phone_region() -%}
    {%- set region = var('segmentloom_default_phone_region', none) -%}
    {%- if region is not none and region not in segmentloom.phone_regions() -%}
        {{ exceptions.raise_compiler_error(
            "segmentloom_default_phone_region is '" ~ region ~ "'; write the two capital letters of a country, such as DE"
        ) }}
    {%- endif -%}
    {{ return(region) }}
{%- endmacro %}
