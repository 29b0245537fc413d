{#-
    Materializes for whom every condition of the audiences holds, one row per profile and one column per condition, as a view
    on bits (`condition_words`), and keeps it so: from run to run only profiles are looked at whose events, identifiers or
    traits may have changed an answer, and all of them only for conditions that are new.

    The order of a run: on-run-start (`note_audiences`, `recall_built_views`); the model int_segmentloom__event_counts
    (`event_counts`: `condition_plan`, `count_step`, then `count_everything` or `count_changes`); the model
    int_segmentloom__conditions (this: `condition_plan`, `condition_step`, then `evaluate_everything` or `evaluate_changes`);
    the audiences' models (`audience_view`); on-run-end (publication, `forget_former_audiences`, `record_built_views`).

    What is kept between runs, each with the prefix int_segmentloom__:

    table                 written by           read by               says
    event_counts          counting             evaluation            how often each owner did what is counted of an event
    counted_events        counting             counting, evaluation  what the columns of these counts are of
    count_changes         counting             evaluation            owners whose profiles to look at again
    followed_conditions   counting             counting, evaluation  which conditions count_changes tells of
    condition_words_*     evaluation           the view, publishing  the answers, as bits
    condition_words       evaluation           evaluation            which of those tables there may be
    conditions            evaluation           audiences' models     the answers by name, a view
    dropped_conditions    evaluation           evaluation            conditions that cannot simply come back
    condition_changes     evaluation           publishing            profiles whose answers may be others
    standing_audiences    start, end of a run  `condition_plan`      what models ask that a run does not build
    built_views           start, end of a run  `audience_view`       what audiences' views were built from
-#}
{% materialization conditions, default %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}

    {%- set plan = segmentloom.condition_plan() -%}
    {%- set scratch = namespace(relations={}, statements=0) -%}
    {%- if segmentloom.is_empty_run() -%}
        {%- do segmentloom.build_empty(this.incorporate(type='table'), segmentloom.no_conditions(plan)) -%}
    {%- else -%}
        {%- set step = segmentloom.condition_step(plan) -%}
        {%- if step.is_full -%}
            {%- do segmentloom.evaluate_everything(step, plan, scratch, target_relation) -%}
        {%- else -%}
            {%- do segmentloom.evaluate_changes(step, plan, scratch, target_relation) -%}
        {%- endif -%}
        {%- do segmentloom.drop_scratch(scratch) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do segmentloom.finish_table(target_relation) -%}
    {{ run_hooks(post_hooks, inside_transaction=false) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# A select without rows that has the columns of conditions, for `--empty`. #}
{% macro no_conditions(plan) -%}
    select
        cast(null as {{ dbt.type_string() }}) as profile_id
        {%- for column in plan.columns %},
        cast(null as {{ dbt.type_boolean() }}) as {{ column }}
        {%- endfor %}
    limit 0
{%- endmacro %}
