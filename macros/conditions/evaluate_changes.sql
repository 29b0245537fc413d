{#-
    Evaluates all conditions for the profiles that something touched, and those that are new, or followed anew, for every profile.
    With other columns than before the table is made anew: what stays is copied.
-#}
{% macro evaluate_changes(step, plan, scratch, target_relation) -%}
    {%- set touched = segmentloom.make_scratch(scratch, 'touched', segmentloom.touched_profiles(step)) -%}
    {%- set number = segmentloom.scratch_numbers(scratch, 'select count(*) from ' ~ touched)[0] -%}
    {%- if number -%}
        {%- set owners = segmentloom.make_scratch(scratch, 'owners', segmentloom.touched_owners(touched)) -%}
        {%- set counts = segmentloom.make_scratch(scratch, 'counts', segmentloom.touched_counts(owners)) -%}
        {%- set direct = segmentloom.make_direct(scratch, 'direct', plan, owners, step) -%}
        {%- set several = segmentloom.make_several(scratch, 'several', owners) -%}
        {%- do segmentloom.make_scratch(scratch, 'rows', segmentloom.packed_conditions(
            step.columns, segmentloom.evaluated_conditions(plan, owners, counts, direct, several)
        )) -%}
    {%- endif -%}
    {%- if step.anew or step.gone -%}
        {%- do segmentloom.evaluate_anew(step, plan, scratch, target_relation) -%}
        {%- do segmentloom.replace_conditions(
            step, target_relation, segmentloom.other_conditions(step, plan, scratch, target_relation), segmentloom.change_statements(step, scratch)
        ) -%}
    {%- else -%}
        {%- do segmentloom.run_together(segmentloom.condition_statements(step, scratch, target_relation)) -%}
    {%- endif -%}
    {%- set message = 'profiles evaluated: ' ~ number ~ (', and all for conditions: ' ~ step.anew | length if step.anew else '') -%}
    {%- do store_raw_result('main', message=message, code='OK', rows_affected=number | string, agate_table=none) -%}
{%- endmacro %}

{# Makes the scratch tables `anew`, some conditions of every profile, and `differing`, profiles of which the table says otherwise. #}
{% macro evaluate_anew(step, plan, scratch, target_relation) -%}
    {%- if step.anew -%}
        {%- set part = segmentloom.part_of_plan(plan, step.anew) -%}
        {%- set anew = segmentloom.make_scratch(scratch, 'anew', segmentloom.conditions_of_all(step, part, scratch, 'direct_anew')) -%}
        {%- set tests = [] -%}
        {%- for column in step.known -%}{%- do tests.append('known.' ~ column ~ ' <> anew.' ~ column) -%}{%- endfor -%}
        {%- if tests -%}
            {%- do segmentloom.make_scratch(
                scratch, 'differing', 'select known.profile_id from ' ~ target_relation ~ ' as known inner join ' ~ anew
                    ~ ' as anew on anew.profile_id = known.profile_id where ' ~ tests | join(' or ')
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# The rows of the table with the conditions that it has from now on. #}
{% macro other_conditions(step, plan, scratch, target_relation) -%}
    {%- set kept -%}
    select
        known.profile_id
        {%- for column in step.columns %},
        {{ 'anew' if column in step.anew else 'known' }}.{{ column }}
        {%- endfor %}

    from {{ target_relation }} as known
    {%- if step.anew %}
    inner join {{ scratch.relations['anew'] }} as anew on anew.profile_id = known.profile_id
    {%- endif %}

    where known.profile_id not in (select profile_id from {{ scratch.relations['touched'] }})
    {%- endset -%}
    {{ segmentloom.packed_conditions(step.columns, kept) }}
    {%- if 'rows' in scratch.relations %}

    union all

    select * from {{ scratch.relations['rows'] }}
    {%- endif %}
{%- endmacro %}

{# The statements that make a step true whose columns are those of before, for one transaction. #}
{% macro condition_statements(step, scratch, target_relation) -%}
    {%- set words = segmentloom.words_relation(target_relation, step.columns) -%}
    {%- set statements = [segmentloom.delete_keys(words, ['profile_id'], 'select profile_id from ' ~ scratch.relations['touched'])] -%}
    {%- do statements.append(segmentloom.expect_progress(model.name, step.generation, step.begun_at, watermark=step.known_as_of)) -%}
    {%- if 'rows' in scratch.relations -%}
        {%- do statements.append('insert into ' ~ words ~ ' select * from ' ~ scratch.relations['rows']) -%}
    {%- endif -%}
    {{ return(
        statements + segmentloom.change_statements(step, scratch) + segmentloom.condition_progress(step) + [segmentloom.forget_counts_followed()]
    ) }}
{%- endmacro %}

{# Those that tell in the feed of changed conditions whom the step looked at again. #}
{% macro change_statements(step, scratch) -%}
    {%- set changes = ref('int_segmentloom__condition_changes') -%}
    {%- set statements = ['delete from ' ~ changes ~ (' where true' if step.is_new_generation else ' where batch >= ' ~ step.change)] -%}
    {%- for name in ['touched', 'differing'] if name in scratch.relations -%}
        {%- do statements.append('insert into ' ~ changes ~ ' select profile_id, ' ~ step.change ~ ' from ' ~ scratch.relations[name]) -%}
    {%- endfor -%}
    {{ return(statements) }}
{%- endmacro %}
