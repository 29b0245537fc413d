{# A row of `audience_changes` as a select. #}
{% macro change_row(change, author) -%}
    {%- set text = dbt.type_string() -%}
    select
        {{ segmentloom.literal(change.audience) }} as audience,
        {{ segmentloom.literal(change.change) }} as change,
        {{ segmentloom.timestamp_literal(run_started_at.strftime('%Y-%m-%dT%H:%M:%S.%f')) }} as changed_at,
        cast({{ segmentloom.literal(author[0]) }} as {{ text }}) as changed_by,
        cast({{ segmentloom.literal(author[1]) }} as {{ text }}) as git_commit,
        cast({{ segmentloom.literal(author[2]) }} as {{ dbt.type_boolean() }}) as is_uncommitted,
        cast({{ segmentloom.literal(local_md5(change.old) if change.old else none) }} as {{ text }}) as old_hash,
        cast({{ segmentloom.literal(local_md5(change.new) if change.new else none) }} as {{ text }}) as new_hash,
        cast({{ segmentloom.literal(change.old) }} as {{ text }}) as old_definition,
        cast({{ segmentloom.literal(change.new) }} as {{ text }}) as new_definition
{%- endmacro %}
