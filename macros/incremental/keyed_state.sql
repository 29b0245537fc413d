{#-
    Materializes rows that are a function of a feed (the events, unless meta.feed names another), key by key, and keeps
    them so as it goes on.

    The model's SQL begins with `fold_step()`, has it written down with `write_step`, and gives the rows of the keys that the step changes, whole, what was
    known of them before included; in a full step those of all keys. They replace the rows of the keys that
    `replaced_keys` names, in one transaction with the progress that says so: a kill at any statement loses nothing and
    counts nothing twice.

    meta.key        the columns that name a row
    meta.retracted  what the key is made of: see `retracted_keys`
    meta.feed, meta.rules, meta.after   see `fold_step`
-#}
{% materialization keyed_state, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set step = segmentloom.read_step(sql) -%}
    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}

    {%- set done = segmentloom.progress_statements(model.name, step.generation, step.to_batch, step.rules) -%}
    {%- if segmentloom.is_empty_run() -%}
        {%- do segmentloom.build_empty(target_relation, sql) -%}
    {%- elif step.is_full -%}
        {%- if config.get('contract').enforced -%}{%- do get_assert_columns_equivalent(sql) -%}{%- endif -%}
        {%- do segmentloom.run_together([segmentloom.forget_progress(model.name)]) -%}
        {%- do segmentloom.replace_table(target_relation, sql) -%}
        {%- do segmentloom.run_together(done) -%}
    {%- elif step.from_batch == step.to_batch -%}
        {%- do store_raw_result('main', message='nothing new', code='SKIP', rows_affected='0', agate_table=none) -%}
    {%- else -%}
        {%- set scratch = namespace(relations={}, statements=0) -%}
        {%- set rows = segmentloom.make_scratch(scratch, 'rows', sql) -%}
        {%- set statements = [] -%}
        {%- for keys in segmentloom.replaced_keys(step, rows) -%}
            {%- do statements.append(segmentloom.delete_keys(target_relation, config.get('meta').key, keys)) -%}
        {%- endfor -%}
        {%- do statements.append(segmentloom.expect_progress(model.name, step.generation, step.from_batch)) -%}
        {%- do statements.append('insert into ' ~ target_relation ~ ' select * from ' ~ rows) -%}
        {%- do segmentloom.run_together(statements + done) -%}
        {%- do store_raw_result('main', message='folded in', code='OK', rows_affected='', agate_table=none) -%}
        {%- do segmentloom.drop_scratch(scratch) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do segmentloom.finish_table(target_relation) -%}
    {{ run_hooks(post_hooks, inside_transaction=false) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# The keys whose rows a step replaces by its own, as queries. #}
{% macro replaced_keys(step, rows) -%}
    {%- set meta = config.get('meta') -%}
    {%- if meta.get('feed') == 'int_segmentloom__profile_changes' -%}
        {{ return([segmentloom.changed_profiles(step)]) }}
    {%- endif -%}
    {%- set queries = ['select * from ' ~ rows] -%}
    {%- if step.has_retractions -%}
        {%- do queries.append(segmentloom.retracted_keys(meta.retracted, step)) -%}
    {%- endif -%}
    {{ return(queries) }}
{%- endmacro %}
