{# The columns of a table that `publish_audiences` writes, as a select without rows: the one definition of its shape. #}
{% macro audience_table_columns(table) -%}
    {%- set columns = {
        'members': [
            ['audience', dbt.type_string()],
            ['profile_id', dbt.type_string()],
            ['entered_at', segmentloom.type_timestamp()],
        ],
        'publications': [
            ['audience', dbt.type_string()],
            ['evaluated_at', segmentloom.type_timestamp()],
            ['generation', dbt.type_string()],
            ['batch', dbt.type_bigint()],
            ['rules', dbt.type_string()],
        ],
        'condition_changes': [
            ['profile_id', dbt.type_string()],
            ['batch', dbt.type_bigint()],
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
        'audience_changes': [
            ['audience', dbt.type_string()],
            ['change', dbt.type_string()],
            ['changed_at', segmentloom.type_timestamp()],
            ['changed_by', dbt.type_string()],
            ['git_commit', dbt.type_string()],
            ['is_uncommitted', dbt.type_boolean()],
            ['old_hash', dbt.type_string()],
            ['new_hash', dbt.type_string()],
            ['old_definition', dbt.type_string()],
            ['new_definition', dbt.type_string()],
        ],
    }[table] -%}
    select
        {%- for name, type in columns %}
        cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    limit 0
{%- endmacro %}
