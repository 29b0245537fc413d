{# The type of `identifier_key`. #}
{% macro type_identifier_key() -%}
    {{ return(adapter.dispatch('type_identifier_key', 'segmentloom')()) }}
{%- endmacro %}

{% macro default__type_identifier_key() -%}
    {{ return(dbt.type_bigint()) }}
{%- endmacro %}

{% macro snowflake__type_identifier_key() -%}
    {{ return(dbt.type_string()) }}
{%- endmacro %}
