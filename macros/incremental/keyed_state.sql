{#-
    Materializes rows that are a function of the events, key by key, and keeps them so as events come and go.

    The model's SQL begins with `fold_step()` and gives the rows of the keys that the step changes, whole, what was
    known of them before included; in a full step those of all keys. They replace the rows of the same keys, in one
    transaction with the progress that says so: a kill at any statement loses nothing and counts nothing twice.

    meta.key        the columns that name a row
    meta.retracted  what the key is made of: see `retracted_keys`
-#}
{% materialization keyed_state, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set step = segmentloom.fold_step() -%}
    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}

    {%- set done = segmentloom.progress_statements(model.name, step.generation, step.to_batch, step.rules) -%}
    {%- if step.is_full -%}
        {%- do segmentloom.run_together([segmentloom.forget_progress(model.name)]) -%}
        {%- do segmentloom.replace_table(target_relation, sql) -%}
        {%- do segmentloom.run_together(done) -%}
    {%- elif step.from_batch == step.to_batch -%}
        {%- do store_raw_result('main', message='no new events', code='SKIP', rows_affected='0', agate_table=none) -%}
    {%- else -%}
        {%- set scratch = namespace(relations={}, statements=0) -%}
        {%- set rows = segmentloom.make_scratch(scratch, 'rows', sql) -%}
        {%- set key, of = config.get('meta').key, config.get('meta').retracted -%}
        {%- set statements = [segmentloom.delete_keys(target_relation, key, 'select * from ' ~ rows)] -%}
        {%- if step.has_retractions -%}
            {%- do statements.append(segmentloom.delete_keys(target_relation, key, segmentloom.retracted_keys(of, step))) -%}
        {%- endif -%}
        {%- do statements.append('insert into ' ~ target_relation ~ ' select * from ' ~ rows) -%}
        {%- do segmentloom.run_together(statements + done) -%}
        {%- do store_raw_result('main', message='events folded in', code='OK', rows_affected='', agate_table=none) -%}
        {%- do segmentloom.drop_scratch(scratch) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do segmentloom.finish_table(target_relation) -%}
    {{ run_hooks(post_hooks, inside_transaction=false) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
