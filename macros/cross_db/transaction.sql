{# Statements as one transaction. #}
{% macro transaction(statements) -%}
    {{ return(adapter.dispatch('transaction', 'segmentloom')(statements)) }}
{%- endmacro %}

{% macro default__transaction(statements) -%}
begin;
{{ statements | join(';\n') }};
commit;
{%- endmacro %}

{# Snowflake goes on in a transaction after an error, dbt leaves it open, and the next `create` on that connection would commit its
   first half. So an error has to abort it: nothing more runs there until the rollback with which the next transaction begins. #}
{% macro snowflake__transaction(statements) -%}
rollback;
alter session set transaction_abort_on_error = true;
begin;
{{ statements | join(';\n') }};
commit;
{%- endmacro %}

{% macro bigquery__transaction(statements) -%}
begin transaction;
{{ statements | join(';\n') }};
commit transaction;
{%- endmacro %}
