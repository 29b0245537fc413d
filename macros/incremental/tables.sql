{# Makes the running model's table from a query, in place of what has its name; clustered where that is of use. #}
{% macro replace_table(relation, sql, cluster_by=none) -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- call statement('main', auto_begin=false) -%}
        create or replace table {{ relation }}
        {%- if cluster_by %} cluster by {{ cluster_by }}{% endif %} as
        {{ sql }}
    {%- endcall -%}
{%- endmacro %}

{# What dbt does to a table after it has been made. #}
{% macro finish_table(relation) -%}
    {%- do apply_grants(relation, config.get('grants'), should_revoke=should_revoke(relation, full_refresh_mode=true)) -%}
    {%- do persist_docs(relation, model) -%}
    {%- do adapter.commit() -%}
{%- endmacro %}
