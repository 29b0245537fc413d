{# Makes the running model's view. Materializations call it; hooks are in it. #}
{% macro build_view() -%}
    {{ return(adapter.dispatch('build_view', 'segmentloom')()) }}
{%- endmacro %}

{% macro default__build_view() -%}
    {{ return(dbt.materialization_view_default()) }}
{%- endmacro %}

{% macro bigquery__build_view() -%}
    {{ return(dbt.materialization_view_bigquery()) }}
{%- endmacro %}

{% macro snowflake__build_view() -%}
    {{ return(dbt.materialization_view_snowflake()) }}
{%- endmacro %}

{# In one statement. dbt makes a view beside the old one and renames both, which takes three times as long. #}
{% macro duckdb__build_view() -%}
    {%- set relation = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}
    {%- call statement('main') -%}
        {%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif -%}
        create or replace view {{ relation }} as (
            {{ sql }}
        )
    {%- endcall -%}
    {%- do persist_docs(relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=false) }}
    {{ return({'relations': [relation]}) }}
{%- endmacro %}
