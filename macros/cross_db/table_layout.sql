{#-
    How a new table is laid out, as it stands between its name and `as`: partitioned by the months of a date, where it
    has one, and clustered by columns. Empty where that is of no use or, as on Snowflake, costs credits all the time.

    Months, since BigQuery takes 10,000 partitions of a table: days would be 27 years, and events come with any date.
-#}
{% macro table_layout(cluster_by, month_of=none) -%}
    {{ return(adapter.dispatch('table_layout', 'segmentloom')(cluster_by, month_of)) }}
{%- endmacro %}

{% macro default__table_layout(cluster_by, month_of) -%}
    {{ return('') }}
{%- endmacro %}

{% macro bigquery__table_layout(cluster_by, month_of) -%}
    {%- set partition = ' partition by date_trunc(' ~ month_of ~ ', month)' if month_of else '' -%}
    {{ return(partition ~ (' cluster by ' ~ cluster_by | join(', ') if cluster_by else '')) }}
{%- endmacro %}

{# Drops what `create or replace table` would refuse to replace. #}
{% macro make_way(existing, cluster_by, month_of=none) -%}
    {%- do adapter.dispatch('make_way', 'segmentloom')(existing, cluster_by, month_of) -%}
{%- endmacro %}

{% macro default__make_way(existing, cluster_by, month_of) -%}
    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
{%- endmacro %}

{# A table that is laid out in another way cannot be replaced there. #}
{% macro bigquery__make_way(existing, cluster_by, month_of) -%}
    {%- set months = {'field': month_of, 'data_type': 'date', 'granularity': 'month'} if month_of else none -%}
    {%- if existing is not none -%}
        {%- if not existing.is_table
            or not adapter.is_replaceable(existing, adapter.parse_partition_by(months), cluster_by) -%}
            {%- do adapter.drop_relation(existing) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
