{#-
    Evaluates all conditions for the profiles that something touched, and those that are new, or followed anew, for every profile.
    With other columns than before, or in another order, the table is made anew: what stays is copied.
-#}
{% macro evaluate_changes(step, plan, scratch, target_relation) -%}
    {%- set touched = segmentloom.make_scratch(scratch, 'touched', segmentloom.touched_profiles(step)) -%}
    {%- set number = segmentloom.scratch_numbers(scratch, 'select count(*) from ' ~ touched)[0] -%}
    {%- if number -%}
        {%- set owners = segmentloom.make_scratch(scratch, 'owners', segmentloom.touched_owners(touched)) -%}
        {%- set counts = segmentloom.make_scratch(scratch, 'counts', segmentloom.touched_counts(owners)) -%}
        {%- set uncounted = segmentloom.make_uncounted(scratch, 'uncounted', plan, owners, step) -%}
        {%- set several = segmentloom.make_several(scratch, 'several', owners) -%}
        {%- do segmentloom.make_scratch(
            scratch, 'rows', segmentloom.evaluated_conditions(plan, owners, counts, uncounted, several)
        ) -%}
    {%- endif -%}
    {%- if step.anew or step.existing != step.columns -%}
        {%- set part = segmentloom.part_of_plan(plan, step.anew) -%}
        {%- do segmentloom.evaluate_anew(step, part, scratch, target_relation) -%}
        {%- set sql = segmentloom.other_conditions(step, part, scratch, target_relation) -%}
        {%- do segmentloom.replace_conditions(step, target_relation, sql, segmentloom.change_statements(step, scratch)) -%}
    {%- else -%}
        {%- do segmentloom.run_together(segmentloom.condition_statements(step, scratch, target_relation)) -%}
    {%- endif -%}
    {%- set of_all = ', and all for conditions: ' ~ step.anew | length if step.anew -%}
    {%- set message = 'profiles evaluated: ' ~ number ~ of_all -%}
    {%- do store_raw_result('main', message=message, code='OK', rows_affected=number | string, agate_table=none) -%}
{%- endmacro %}

{# The statements that make a step true whose columns are those of before, for one transaction. #}
{% macro condition_statements(step, scratch, target_relation) -%}
    {%- set words = segmentloom.words_relation(target_relation, step.columns) -%}
    {%- set statements = [
        segmentloom.delete_keys(words, ['profile_id'], 'select profile_id from ' ~ scratch.relations['touched']),
        segmentloom.expect_progress(model.name, step.generation, step.begun_at, watermark=step.known_as_of),
    ] -%}
    {%- if 'rows' in scratch.relations -%}
        {%- do statements.append('insert into ' ~ words ~ ' select * from ' ~ scratch.relations['rows']) -%}
    {%- endif -%}
    {{ return(
        statements
        + segmentloom.change_statements(step, scratch)
        + segmentloom.condition_progress(step)
        + [segmentloom.forget_counts_followed()]
    ) }}
{%- endmacro %}

{# Those that tell in the feed of changed conditions whom the step looked at again. #}
{% macro change_statements(step, scratch) -%}
    {%- set changes = ref('int_segmentloom__condition_changes') -%}
    {%- set which = 'true' if step.is_new_generation else 'batch >= ' ~ step.change -%}
    {%- set statements = ['delete from ' ~ changes ~ ' where ' ~ which] -%}
    {%- for name in ['touched', 'differing'] if name in scratch.relations -%}
        {%- do statements.append(
            'insert into ' ~ changes ~ ' select profile_id, ' ~ step.change ~ ' from ' ~ scratch.relations[name]
        ) -%}
    {%- endfor -%}
    {{ return(statements) }}
{%- endmacro %}
