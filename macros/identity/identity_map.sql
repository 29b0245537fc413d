{#-
    Materializes the map from identifiers to profiles, and with it what rules refuse, the history of profiles and the
    list of profiles to derive again.

    Everything is worked out in scratch tables first; one transaction then makes all of it true. A kill at any
    statement leaves the former state as it was, and the next run does the same work again. A step derives only the
    profiles that something touches: since all of it is a function of the links, the outcome is that of a full one.
-#}
{% materialization identity_map, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}
    {%- set tables = {
        'identity_map': target_relation,
        'refused_links': ref('int_segmentloom__refused_links'),
        'profile_changes': ref('int_segmentloom__profile_changes'),
        'profile_merges': ref('segmentloom__profile_merges'),
        'identity_overrides': ref('segmentloom__identity_overrides'),
    } -%}
    {%- set is_empty = segmentloom.is_empty_run() -%}
    {%- if not is_empty -%}{%- do segmentloom.make_identity_tables(tables) -%}{%- endif -%}

    {%- set step = segmentloom.stitch_step(target_relation) if not is_empty -%}
    {%- set scratch = namespace(relations={}, statements=0, rounds=0) -%}
    {%- if is_empty -%}
        {%- do segmentloom.build_empty(target_relation, segmentloom.identity_table_columns('identity_map')) -%}
    {%- elif not step.is_full and step.from_batch == step.to_batch and not step.overrides -%}
        {%- do store_raw_result('main', message='nothing new', code='SKIP', rows_affected='0', agate_table=none) -%}
    {%- else -%}
        {%- do segmentloom.stitch(step, scratch, tables) -%}
        {%- do segmentloom.run_together(segmentloom.stitch_statements(step, scratch, tables)) -%}
        {%- do store_raw_result('main', message='stitched', code='OK', rows_affected='', agate_table=none) -%}
        {%- do log(
            'segmentloom: ' ~ this.identifier ~ ': ' ~ scratch.rounds ~ ' rounds, ' ~ (scratch.statements + 1) ~ ' statements'
        ) -%}
        {%- do segmentloom.drop_scratch(scratch) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do segmentloom.finish_table(target_relation) -%}
    {{ run_hooks(post_hooks, inside_transaction=false) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# Makes the tables that are missing, so that a run of some models only can stitch. #}
{% macro make_identity_tables(tables) -%}
    {%- for name, relation in tables.items() if not load_relation(relation) -%}
        {%- do run_query('create table if not exists ' ~ relation ~ ' as ' ~ segmentloom.identity_table_columns(name)) -%}
    {%- endfor -%}
{%- endmacro %}
