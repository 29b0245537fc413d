{#-
    Text as an exact number, rounded half away from zero to 9 digits after the point; null when `text_to_number` finds
    no number, or one with more than 18 digits before the point: ten thousand million of the others add up without overflow.
-#}
{% macro text_to_decimal(expression) -%}
    case
        when abs({{ segmentloom.text_to_number(expression) }}) < cast(1e18 as {{ segmentloom.type_double() }})
            then {{ segmentloom.cast_to_decimal(expression) }}
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
