{#-
    Materializes the events: of the deliveries of each the first. The model's SQL gives those that a step adds, those
    that come before the delivery that counted so far included; in a full step all.

    What changes, changes in one transaction with the account of it: a kill at any statement leaves the former events
    readable and the next run right.
-#}
{% materialization first_deliveries, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set step = segmentloom.read_step(sql) -%}
    {%- set scratch = namespace(relations={}, statements=0) -%}
    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}

    {%- if segmentloom.is_empty_run() -%}
        {%- do segmentloom.build_empty(
            target_relation, get_select_subquery(sql), segmentloom.cluster_events_by(), month_of='event_date'
        ) -%}
    {%- elif step.is_full -%}
        {%- do log('segmentloom: all events are built anew: ' ~ step.reason, info=true) -%}
        {%- do segmentloom.build_all_events(scratch, target_relation, step, sql) -%}
    {%- elif step.first_loaded_at or var('segmentloom_sources', []) -%}
        {%- do segmentloom.add_events(scratch, target_relation, step, sql) -%}
    {%- else -%}
        {%- do store_raw_result('main', message='no new loads', code='SKIP', rows_affected='0', agate_table=none) -%}
    {%- endif -%}
    {%- do segmentloom.drop_scratch(scratch) -%}

    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do segmentloom.finish_table(target_relation) -%}
    {{ run_hooks(post_hooks, inside_transaction=false) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# Whatever follows the events reads the latest batches; what counts them anew, or looks at a window's ends, some events of some days. #}
{% macro cluster_events_by() -%}
    {{ return(['batch', 'event_date', 'event']) }}
{%- endmacro %}

{# The table in place of the one before. Until that is accounted for, the progress has no generation: whoever reads it starts anew. #}
{% macro build_all_events(scratch, target_relation, step, sql) -%}
    {%- if config.get('contract').enforced -%}{%- do get_assert_columns_equivalent(sql) -%}{%- endif -%}
    {#- Taken before the deliveries are read: a load that is completed in between is read again, not passed over. -#}
    {%- do segmentloom.make_scratch(scratch, 'loads', segmentloom.loads_to_read(step)) -%}
    {%- do segmentloom.run_together(segmentloom.progress_statements(model.name, '', step.batch - 1)) -%}
    {%- do segmentloom.replace_table(
        target_relation, get_select_subquery(sql), segmentloom.cluster_events_by(), month_of='event_date'
    ) -%}
    {%- do segmentloom.run_together(
        ['delete from ' ~ segmentloom.state_relation('loads') ~ ' where true']
        + ['delete from ' ~ segmentloom.state_relation('retractions') ~ ' where true']
        + segmentloom.read_statements(scratch, step, step.batch)
    ) -%}
{%- endmacro %}

{# What is new to the events, in one transaction; a step that finds nothing new uses no batch. #}
{% macro add_events(scratch, target_relation, step, sql) -%}
    {%- if step.first_loaded_at -%}
        {%- do segmentloom.make_scratch(scratch, 'loads', segmentloom.loads_to_read(step)) -%}
    {%- endif -%}
    {%- set changed = segmentloom.make_scratch(scratch, 'changed', sql) -%}
    {%- set counts = segmentloom.scratch_numbers(
        scratch, 'select count(*), count(known.event_id) from ' ~ changed ~ ' as changed left join ' ~ target_relation
        ~ ' as known on known.source_id = changed.source_id and known.event_id = changed.event_id'
    ) -%}
    {%- set statements, retracted = [], [] -%}
    {%- if counts[1] -%}{%- do retracted.append(changed) -%}{%- endif -%}
    {%- set gone = namespace(count=0) -%}
    {%- if step.replaced -%}
        {%- set undelivered = segmentloom.make_scratch(scratch, 'gone', segmentloom.undelivered_events(target_relation, step)) -%}
        {%- set gone.count = segmentloom.scratch_numbers(scratch, 'select count(*) from ' ~ undelivered)[0] -%}
        {%- if gone.count -%}{%- do retracted.append(undelivered) -%}{%- endif -%}
    {%- endif -%}
    {%- for keys in retracted -%}
        {%- do statements.extend(segmentloom.retract_statements(target_relation, keys, step)) -%}
    {%- endfor -%}
    {%- set is_changed = counts[0] or gone.count -%}
    {%- if is_changed -%}
        {%- set columns = model.columns.keys() | join(', ') -%}
        {#- The delete finds no rows. It makes another build of the events wait, or fail, until this one is through. -#}
        {%- do statements.extend([
            'delete from ' ~ target_relation ~ ' where batch = ' ~ step.batch,
            segmentloom.expect_progress(model.name, step.generation, step.batch - 1),
            'insert into ' ~ target_relation ~ ' (' ~ columns ~ ') select ' ~ columns ~ ' from ' ~ changed,
        ]) -%}
    {%- endif -%}
    {%- do statements.extend(segmentloom.read_statements(scratch, step, step.batch if is_changed else step.batch - 1)) -%}
    {%- if statements -%}
        {%- do segmentloom.run_together(statements) -%}
    {%- endif -%}
    {%- do store_raw_result(
        'main', message=counts[0] ~ ' events added, ' ~ counts[1] ~ ' of them in place of another delivery, ' ~ gone.count ~ ' gone', code='OK',
        rows_affected=counts[0] | string, agate_table=none
    ) -%}
{%- endmacro %}
