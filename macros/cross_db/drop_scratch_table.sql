{# Drops a scratch table. #}
{% macro drop_scratch_table(relation) -%}
    {{ return(adapter.dispatch('drop_scratch_table', 'segmentloom')(relation)) }}
{%- endmacro %}

{% macro default__drop_scratch_table(relation) -%}
    {%- do adapter.drop_relation(relation) -%}
{%- endmacro %}

{# It ends with the model's connection. #}
{% macro duckdb__drop_scratch_table(relation) -%}
{%- endmacro %}
