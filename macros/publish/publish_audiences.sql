{#-
    Runs at the end of every dbt run: takes over the members of each audience whose model was built and whose tests all
    passed in this run, which only `dbt build` can do; of a priority group all or none. They change in one transaction; any
    other audience keeps its last good members, and what failed is written down.
-#}
{% macro publish_audiences(results) -%}
    {%- set tables = {
        'members': ref('int_segmentloom__members'),
        'publications': ref('int_segmentloom__publications'),
        'condition_changes': ref('int_segmentloom__condition_changes'),
        'audience_membership_log': ref('segmentloom__audience_membership_log'),
        'audience_sizes': ref('segmentloom__audience_sizes'),
        'audience_changes': ref('segmentloom__audience_changes'),
    } -%}
    {%- set membership = ref('segmentloom__audience_membership') -%}
    {%- set conditions = ref('int_segmentloom__conditions') -%}
    {%- if execute and flags.WHICH == 'build' and not segmentloom.is_empty_run() -%}
        {%- set passed = segmentloom.whole_groups(segmentloom.passed_audiences(results), results) -%}
        {%- set failed = segmentloom.failed_audiences(results, passed) -%}
        {%- if failed and not passed and load_relation(tables['publications']) -%}
            {%- do segmentloom.run_together(segmentloom.failure_statements(failed, [], tables['publications'])) -%}
        {%- elif passed -%}
            {%- do segmentloom.make_audience_tables(tables) -%}
            {%- do segmentloom.make_membership(membership) -%}
            {%- set known = segmentloom.progress('int_segmentloom__publications') or {'batch': 0} -%}
            {%- set published = segmentloom.publications(passed, tables) -%}
            {%- set scratch = segmentloom.find_moves(published, tables, conditions) -%}
            {%- do segmentloom.run_together(
                segmentloom.publish_statements(published, scratch, tables, known.batch)
                + segmentloom.failure_statements(failed, passed | list, tables['publications'])
            ) -%}
            {%- for relation in scratch.values() -%}{%- do segmentloom.drop_scratch_table(relation) -%}{%- endfor -%}
        {%- endif -%}
        {%- set gone = segmentloom.gone_audiences(results, passed, tables) -%}
        {%- for name in gone -%}
            {%- do segmentloom.run_together(segmentloom.retire_statements(name, tables)) -%}
            {%- do segmentloom.drop_gone_model(name, membership) -%}
        {%- endfor -%}
        {%- if passed or gone -%}
            {%- do segmentloom.record_definitions(passed, gone, tables['audience_changes']) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
