{#-
    A query for what there is in a schema: database, schema, table, column, type, in the order of the columns. `name`
    restricts it to a table, `pattern` to tables that are like it; both in any case.
-#}
{% macro columns_query(database, schema, name=none, pattern=none) -%}
    select table_catalog, table_schema, table_name, column_name, data_type

    from {{ adapter.dispatch('schema_columns', 'segmentloom')(database, schema) }}
    {%- if name %}
    and lower(table_name) = lower({{ segmentloom.literal(name) }})
    {%- endif %}
    {%- if pattern %}
    and lower(table_name) like {{ segmentloom.literal(pattern) }}
    {%- endif %}

    order by table_name, ordinal_position
{%- endmacro %}

{% macro default__schema_columns(database, schema) -%}
    information_schema.columns

    where lower(table_catalog) = lower({{ segmentloom.literal(database) }})
    and lower(table_schema) = lower({{ segmentloom.literal(schema) }})
{%- endmacro %}

{% macro snowflake__schema_columns(database, schema) -%}
    {{ database }}.information_schema.columns

    where lower(table_schema) = lower({{ segmentloom.literal(schema) }})
{%- endmacro %}

{% macro bigquery__schema_columns(database, schema) -%}
    `{{ database }}`.`{{ schema }}`.information_schema.columns

    where true
{%- endmacro %}
