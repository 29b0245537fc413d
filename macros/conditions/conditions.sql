{#-
    Materializes for whom every condition of the audiences holds, one row per profile and one column per condition, as a view
    on bits (`condition_words`), and keeps it so: from run to run only profiles are looked at whose events, identifiers or traits may have changed an answer, and
    all of them only for conditions that are new.
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
        {%- for column in plan.leaves | sort %},
        cast(null as {{ dbt.type_boolean() }}) as {{ column }}
        {%- endfor %}
    limit 0
{%- endmacro %}
