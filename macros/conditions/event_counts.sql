{#-
    Materializes how often every owner of events did what audiences count, and keeps it so from run to run: what is new
    to the events is added, and of what was there only the events that come into a window or leave it are read.

    One row per event and owner, with a column for each thing that is counted of that event, whatever the audience: see
    `condition_plan`. Owners are identifiers, not profiles: a merge changes no count. Everything changes in one
    transaction with the account of it.
-#}
{% materialization event_counts, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}

    {%- set plan = segmentloom.condition_plan() -%}
    {%- set step = segmentloom.count_step(plan) -%}
    {%- set scratch = namespace(relations={}, statements=0) -%}
    {%- if segmentloom.is_empty_run() -%}
        {%- do segmentloom.build_empty(target_relation, segmentloom.count_columns(plan.width), ['event']) -%}
    {%- elif step.is_full -%}
        {%- do segmentloom.count_everything(step, plan, target_relation) -%}
        {%- set message = 'counted ' ~ plan.counted | length ~ ' events' -%}
        {%- do store_raw_result('main', message=message, code='OK', rows_affected='', agate_table=none) -%}
    {%- elif segmentloom.count_changes(step, plan, scratch, target_relation) -%}
        {%- do store_raw_result('main', message='counted what changed', code='OK', rows_affected='', agate_table=none) -%}
        {%- do segmentloom.drop_scratch(scratch) -%}
    {%- else -%}
        {%- do store_raw_result('main', message='nothing new', code='SKIP', rows_affected='0', agate_table=none) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do segmentloom.finish_table(target_relation) -%}
    {{ run_hooks(post_hooks, inside_transaction=false) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
