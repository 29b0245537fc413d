{#-
    Text as an exact number, rounded half away from zero to 9 digits after the point; null when `text_to_number` finds
    no number, or one of 1e18 and more: ten thousand million of the others add up without overflow.

    Engines do not agree on numbers that are nearly nothing, such as 5e-30, which are 0 here.
-#}
{% macro text_to_decimal(expression) -%}
    {%- set size = 'abs(' ~ segmentloom.text_to_number(expression) ~ ')' -%}
    case
        when not {{ segmentloom.matches_fully(expression, '[+-]?[0-9]{0,18}([.][0-9]*)?([eE][+-]?[0-9]{1,3})?') }} then null
        when {{ size }} < {{ segmentloom.double_literal(1e-10) }} then cast(0 as {{ segmentloom.type_decimal() }})
        when {{ size }} < {{ segmentloom.double_literal(1e18) }} then {{ segmentloom.cast_to_decimal(expression) }}
    end
{%- endmacro %}


{# Text as an exact number, or null where the engine cannot read it. #}
{% macro cast_to_decimal(expression) -%}
    {{ return(adapter.dispatch('cast_to_decimal', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__cast_to_decimal(expression) -%}
    try_cast({{ expression }} as {{ segmentloom.type_decimal() }})
{%- endmacro %}

{% macro bigquery__cast_to_decimal(expression) -%}
    safe_cast({{ expression }} as {{ segmentloom.type_decimal() }})
{%- endmacro %}

{% macro snowflake__cast_to_decimal(expression) -%}
    try_to_decimal({{ expression }}, 38, 9)
{%- endmacro %}
