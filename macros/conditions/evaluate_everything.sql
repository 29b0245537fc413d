{# Evaluates every condition for every profile. #}
{% macro evaluate_everything(step, plan, scratch, target_relation) -%}
    {%- set sql = segmentloom.conditions_of_all(step, plan, scratch, 'uncounted') -%}
    {%- do segmentloom.replace_conditions(step, target_relation, sql, [
        'delete from ' ~ ref('int_segmentloom__condition_changes') ~ ' where true',
    ]) -%}
{%- endmacro %}

{# The conditions of a plan for every profile, as a query; those that no count answers go into scratch tables first. #}
{% macro conditions_of_all(step, plan, scratch, name) -%}
    {%- set owners = ref('int_segmentloom__identity_map') -%}
    {%- set uncounted = segmentloom.make_uncounted(scratch, name, plan, owners, step) -%}
    {%- set several = segmentloom.make_several(scratch, name ~ '_several', owners) -%}
    {{ return(segmentloom.evaluated_conditions(plan, owners, ref('int_segmentloom__event_counts'), uncounted, several)) }}
{%- endmacro %}

{#-
    Puts another table in place of the conditions. Until that is accounted for they have no generation: a kill means to begin
    again. Should another build begin meanwhile, the table is its own, and this one fails.

    changes   the statements that tell of it in the feed of changed conditions
-#}
{% macro replace_conditions(step, target_relation, sql, changes) -%}
    {%- set words = segmentloom.words_relation(target_relation, step.columns) -%}
    {%- set tables = segmentloom.state_relation('condition_words') -%}
    {%- set as_begun = segmentloom.expect_progress(model.name, step.generation, step.begun_at, watermark=step.known_as_of) -%}
    {%- do segmentloom.run_together(
        ([] if step.is_full else [as_begun])
        + segmentloom.progress_statements(model.name, '', 0, invocation_id)
        + ['delete from ' ~ tables ~ " where table_name = '" ~ words.identifier ~ "'"]
        + ['insert into ' ~ tables ~ " (table_name) values ('" ~ words.identifier ~ "')"]
    ) -%}
    {%- call statement('main', auto_begin=false) -%}
        create or replace table {{ words }} as {{ sql }}
    {%- endcall -%}
    {%- do segmentloom.show_conditions(target_relation, step.columns) -%}
    {%- do segmentloom.run_together(
        changes
        + [segmentloom.expect_progress(model.name, '', 0, rules=invocation_id)]
        + segmentloom.drop_statements(step)
        + segmentloom.condition_progress(step)
        + [segmentloom.forget_counts_followed()]
    ) -%}
{%- endmacro %}

{# The statement that deletes from the feed of changed counts what the conditions have taken in. #}
{% macro forget_counts_followed() -%}
    {{ return(segmentloom.forget_followed(ref('int_segmentloom__count_changes'), ['int_segmentloom__conditions of counts'])) }}
{%- endmacro %}
