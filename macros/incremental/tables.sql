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

{# A statement that takes the rows away whose key a query gives. #}
{% macro delete_keys(relation, key, keys) -%}
    {%- if key | length == 1 -%}
        delete from {{ relation }} where {{ key[0] }} in (select {{ key[0] }} from ({{ keys }}) as gone)
    {%- else -%}
        delete from {{ relation }} where exists (
            select 1 from ({{ keys }}) as gone
            where
            {%- for column in key %}
                {{ 'and ' if not loop.first }}gone.{{ column }} = {{ relation.identifier }}.{{ column }}
            {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}

{# What dbt does to a table after it has been made. #}
{% macro finish_table(relation) -%}
    {%- do apply_grants(relation, config.get('grants'), should_revoke=should_revoke(relation, full_refresh_mode=true)) -%}
    {%- do persist_docs(relation, model) -%}
    {%- do adapter.commit() -%}
{%- endmacro %}
