{# The columns of a table that `publish_audiences` writes, as a select without rows: the one definition of its shape. #}
{% macro audience_table_columns(table) -%}
    {%- set columns = {
        'audience_membership': [
            ['audience', dbt.type_string()],
            ['profile_id', dbt.type_string()],
            ['entered_at', segmentloom.type_timestamp()],
            ['evaluated_at', segmentloom.type_timestamp()],
        ],
        'audience_membership_log': [
            ['audience', dbt.type_string()],
            ['profile_id', dbt.type_string()],
            ['change', dbt.type_string()],
            ['changed_at', segmentloom.type_timestamp()],
        ],
        'audience_sizes': [
            ['audience', dbt.type_string()],
            ['evaluated_at', segmentloom.type_timestamp()],
            ['members', dbt.type_bigint()],
        ],
    }[table] -%}
    select
        {%- for name, type in columns %}
        cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    limit 0
{%- endmacro %}
