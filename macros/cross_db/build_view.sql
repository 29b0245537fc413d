{# Makes the running model's view, as the engine's own materialization of views does. #}
{% macro build_view() -%}
    {{ return(adapter.dispatch('build_view', 'segmentloom')()) }}
{%- endmacro %}

{% macro default__build_view() -%}
    {{ return(dbt.materialization_view_default()) }}
{%- endmacro %}

{% macro bigquery__build_view() -%}
    {{ return(dbt_bigquery.materialization_view_bigquery()) }}
{%- endmacro %}

{% macro snowflake__build_view() -%}
    {{ return(dbt_snowflake.materialization_view_snowflake()) }}
{%- endmacro %}
