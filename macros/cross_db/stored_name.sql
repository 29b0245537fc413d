{# A relation as the engine itself names it, for dbt's cache: Snowflake stores names without quotes in upper case. #}
{% macro stored_name(relation) -%}
    {{ return(adapter.dispatch('stored_name', 'segmentloom')(relation)) }}
{%- endmacro %}

{% macro default__stored_name(relation) -%}
    {{ return(relation) }}
{%- endmacro %}

{% macro snowflake__stored_name(relation) -%}
    {{ return(relation.incorporate(path={
        'database': relation.database | upper,
        'schema': relation.schema | upper,
        'identifier': relation.identifier | upper,
    })) }}
{%- endmacro %}
