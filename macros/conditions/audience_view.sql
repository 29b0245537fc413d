{#-
    Materializes an audience as a view, and leaves one alone that says already what it has to: many audiences are built
    every hour, few of them change. It is made anew when its SQL or its configuration is another, when it is missing, and
    with `--full-refresh`.
-#}
{% materialization audience_view, default %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set digest = local_md5(tojson([sql, model.config, model.columns, model.description], sort_keys=true)) -%}
    {%- if existing and existing.is_view and segmentloom.built_view(model.unique_id) == digest and not should_full_refresh() -%}
        {{ run_hooks(pre_hooks, inside_transaction=false) }}
        {{ run_hooks(pre_hooks, inside_transaction=true) }}
        {%- do store_raw_result('main', message='unchanged', code='SKIP', rows_affected='', agate_table=none) -%}
        {{ run_hooks(post_hooks, inside_transaction=true) }}
        {%- do adapter.commit() -%}
        {{ run_hooks(post_hooks, inside_transaction=false) }}
        {{ return({'relations': [existing]}) }}
    {%- endif -%}
    {%- do segmentloom.forget_built_view(model.unique_id) -%}
    {%- if existing and not existing.is_view -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- set made = segmentloom.build_view() -%}
    {%- do segmentloom.note_built_view(model.unique_id, digest) -%}
    {{ return(made) }}
{% endmaterialization %}
