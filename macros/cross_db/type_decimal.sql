{# The type that sums are computed in: exact, with 9 digits after the point and 29 before. #}
{% macro type_decimal() -%}
    {{ return(adapter.dispatch('type_decimal', 'segmentloom')()) }}
{%- endmacro %}

{% macro default__type_decimal() -%}
    {{ return('decimal(38, 9)') }}
{%- endmacro %}

{% macro bigquery__type_decimal() -%}
    {{ return('numeric') }}
{%- endmacro %}
