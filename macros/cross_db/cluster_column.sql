{# The column to cluster a table by, or none where that is of no use or, as on Snowflake, costs credits all the time. #}
{% macro cluster_column(column) -%}
    {{ return(adapter.dispatch('cluster_column', 'segmentloom')(column)) }}
{%- endmacro %}

{% macro default__cluster_column(column) -%}
    {{ return(none) }}
{%- endmacro %}

{% macro bigquery__cluster_column(column) -%}
    {{ return(column) }}
{%- endmacro %}
