{# Statements as one transaction. #}
{% macro transaction(statements) -%}
    {{ return(adapter.dispatch('transaction', 'segmentloom')(statements)) }}
{%- endmacro %}

{% macro default__transaction(statements) -%}
begin;
{{ statements | join(';\n') }};
commit;
{%- endmacro %}

{% macro bigquery__transaction(statements) -%}
begin transaction;
{{ statements | join(';\n') }};
commit transaction;
{%- endmacro %}
