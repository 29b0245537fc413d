{# Text as a 64-bit float, or null where the engine cannot read it. #}
{% macro cast_to_double(expression) -%}
    {{ return(adapter.dispatch('cast_to_double', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__cast_to_double(expression) -%}
    try_cast({{ expression }} as double)
{%- endmacro %}

{% macro bigquery__cast_to_double(expression) -%}
    safe_cast({{ expression }} as float64)
{%- endmacro %}

{% macro snowflake__cast_to_double(expression) -%}
    try_to_double({{ expression }})
{%- endmacro %}
