{# The engine's 64-bit float. `dbt.type_float()` is 32 bits wide on DuckDB. #}
{% macro type_double() -%}
    {{ return(adapter.dispatch('type_double', 'segmentloom')()) }}
{%- endmacro %}

{% macro default__type_double() -%}
    double
{%- endmacro %}

{% macro bigquery__type_double() -%}
    float64
{%- endmacro %}
