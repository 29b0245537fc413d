{#-
    Materializes for whom every condition of the audiences holds, one row per profile and one column per condition, and
    keeps it so: from run to run only profiles are looked at whose counts, identifiers or traits changed.

    Conditions that no count answers are worked out from the events each time, for everybody.
-#}
{% materialization conditions, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}

    {%- set plan = segmentloom.condition_plan() -%}
    {%- set scratch = namespace(relations={}, statements=0) -%}
    {%- set is_empty = segmentloom.is_empty_run() -%}
    {%- set step = segmentloom.condition_step(plan) if not is_empty -%}
    {%- if plan.direct and not is_empty -%}
        {%- do segmentloom.make_scratch(scratch, 'direct', segmentloom.direct_conditions(plan)) -%}
    {%- endif -%}
    {%- if is_empty -%}
        {%- do segmentloom.build_empty(target_relation, segmentloom.no_conditions(plan)) -%}
    {%- elif step.is_full -%}
        {%- do segmentloom.run_together([segmentloom.forget_progress(model.name)]) -%}
        {%- do segmentloom.replace_table(target_relation, segmentloom.evaluated_conditions(plan, scratch)) -%}
        {%- do segmentloom.run_together(
            ['delete from ' ~ ref('int_segmentloom__condition_changes') ~ ' where true'] + segmentloom.condition_progress(step)
        ) -%}
    {%- else -%}
        {%- do segmentloom.make_scratch(scratch, 'touched', segmentloom.touched_profiles(step, plan, scratch, target_relation)) -%}
        {%- do segmentloom.make_scratch(scratch, 'owners', segmentloom.touched_owners(scratch)) -%}
        {%- do segmentloom.make_scratch(scratch, 'counts', segmentloom.touched_counts(scratch)) -%}
        {%- set rows = segmentloom.make_scratch(scratch, 'rows', segmentloom.evaluated_conditions(plan, scratch)) -%}
        {%- do segmentloom.run_together(segmentloom.condition_statements(step, scratch, target_relation)) -%}
        {%- do store_raw_result('main', message='evaluated what changed', code='OK', rows_affected='', agate_table=none) -%}
    {%- endif -%}
    {%- do segmentloom.drop_scratch(scratch) -%}

    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do segmentloom.finish_table(target_relation) -%}
    {{ run_hooks(post_hooks, inside_transaction=false) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# A select without rows that has the columns of conditions, for `--empty`. #}
{% macro no_conditions(plan) -%}
    select
        cast(null as {{ dbt.type_string() }}) as profile_id
        {%- for column in plan.leaves | sort %},
        cast(null as {{ dbt.type_boolean() }}) as {{ column }}
        {%- endfor %}
    limit 0
{%- endmacro %}

{# The statements that make a step true, for one transaction. #}
{% macro condition_statements(step, scratch, target_relation) -%}
    {%- set changes, touched = ref('int_segmentloom__condition_changes'), scratch.relations['touched'] -%}
    {{ return(
        [
            segmentloom.delete_keys(target_relation, ['profile_id'], 'select profile_id from ' ~ touched),
            segmentloom.expect_progress(model.name, step.generation, step.begun_at, watermark=step.known_as_of),
            'insert into ' ~ target_relation ~ ' select * from ' ~ scratch.relations['rows'],
            'delete from ' ~ changes ~ ' where batch >= ' ~ step.change,
            'insert into ' ~ changes ~ ' select profile_id, ' ~ step.change ~ ' from ' ~ touched,
        ]
        + segmentloom.condition_progress(step)
        + [segmentloom.forget_followed(ref('int_segmentloom__count_changes'), ['int_segmentloom__conditions of counts'])]
    ) }}
{%- endmacro %}
