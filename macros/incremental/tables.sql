{#-
    Makes the running model's table from a query, in place of what has its name.

    cluster_by, month_of   how it is laid out where that is of use: see `table_layout`
-#}
{% macro replace_table(relation, sql, cluster_by=none, month_of=none) -%}
    {%- do segmentloom.make_way(load_cached_relation(this), cluster_by, month_of) -%}
    {%- call statement('main', auto_begin=false) -%}
        create or replace table {{ relation }}{{ segmentloom.table_layout(cluster_by, month_of) }} as
        {{ sql }}
    {%- endcall -%}
{%- endmacro %}

{# What dbt does to a table after it has been made. #}
{% macro finish_table(relation) -%}
    {%- do apply_grants(relation, config.get('grants'), should_revoke=should_revoke(relation, full_refresh_mode=true)) -%}
    {%- do persist_docs(relation, model) -%}
    {%- do adapter.commit() -%}
{%- endmacro %}
