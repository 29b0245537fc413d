{# The statements that make the outcome of a step true, for one transaction. #}
{% macro stitch_statements(step, scratch, tables) -%}
    {%- set made = scratch.relations -%}
    {%- set map, refused, changes = tables['identity_map'], tables['refused_links'], tables['profile_changes'] -%}
    {%- set statements = [] -%}
    {%- if step.is_full -%}
        {%- for table in [map, refused, changes] -%}{%- do statements.append('delete from ' ~ table ~ ' where true') -%}{%- endfor -%}
    {%- else -%}
        {%- do statements.append(segmentloom.delete_keys(map, ['identifier_key'], 'select * from ' ~ made['rows'])) -%}
        {%- if 'touched' in made -%}
            {%- do statements.extend([
                segmentloom.delete_keys(map, ['identifier_key'], 'select * from ' ~ made['touched'] ~ ' where is_gone'),
                segmentloom.delete_keys(refused, ['identifier_key'], 'select * from ' ~ made['changed']),
            ]) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if step.from_generation -%}
        {%- do statements.append(segmentloom.expect_progress(model.name, step.from_generation, step.begun_at)) -%}
    {%- endif -%}
    {#- They find rows only when the transaction is sent again, the answer to the first time having been lost. -#}
    {%- do statements.extend([
        'delete from ' ~ tables['profile_merges'] ~ " where run_id = '" ~ invocation_id ~ "'",
        'delete from ' ~ changes ~ ' where batch >= ' ~ step.change,
    ]) -%}
    {%- for name, table in [('rows', map), ('refusals', refused), ('history', tables['profile_merges'])] if name in made -%}
        {%- do statements.append('insert into ' ~ table ~ ' select * from ' ~ made[name]) -%}
    {%- endfor -%}
    {%- do statements.append(segmentloom.record_changes(step, made, changes)) -%}
    {%- if step.overrides -%}
        {%- do statements.append(
            'update ' ~ tables['identity_overrides'] ~ " set applied_run_id = '" ~ invocation_id ~ "' where override_id in ("
            ~ segmentloom.text_list(step.overrides) ~ ')'
        ) -%}
    {%- endif -%}
    {{ return(
        statements
        + segmentloom.progress_statements(model.name, step.generation, step.to_batch, step.rules)
        + segmentloom.progress_statements('int_segmentloom__profile_changes', step.change_generation, step.change)
        + [segmentloom.forget_followed(changes, segmentloom.followers('int_segmentloom__profile_changes'))]
        + [segmentloom.forget_followed(
            segmentloom.state_relation('retractions'),
            segmentloom.followers('segmentloom__events') + [model.name],
        )]
    ) }}
{%- endmacro %}

{# Which profiles have to be derived again: those that got a row, and those that had one. #}
{% macro record_changes(step, made, changes) -%}
    insert into {{ changes }}
    select distinct profile_id, cast({{ step.change }} as {{ dbt.type_bigint() }}) from (
        select profile_id from {{ made['rows'] }} as stitched
        {%- if 'touched' in made %}
        union all
        select former_profile_id as profile_id from {{ made['touched'] }} as touched where former_profile_id is not null
        {%- endif %}
    ) as changed_profiles
{%- endmacro %}
