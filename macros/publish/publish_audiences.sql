{# Runs at the end of every dbt run: takes over the members of each audience whose model was built and whose tests all passed
   in this run, which only `dbt build` can do. Each audience changes in one transaction; any other keeps its last good members. #}
{% macro publish_audiences(results) -%}
    {%- set tables = {
        'audience_membership': ref('segmentloom__audience_membership'),
        'audience_membership_log': ref('segmentloom__audience_membership_log'),
        'audience_sizes': ref('segmentloom__audience_sizes'),
        'audience_changes': ref('segmentloom__audience_changes'),
    } -%}
    {%- if execute and flags.WHICH == 'build' and not (flags.EMPTY | default(false)) -%}
        {%- set passed = segmentloom.passed_audiences(results) -%}
        {%- if passed -%}
            {%- do segmentloom.make_audience_tables(tables) -%}
        {%- endif -%}
        {%- for name, relation in passed.items() -%}
            {%- do segmentloom.run_together(segmentloom.publish_statements(name, relation, tables)) -%}
        {%- endfor -%}
        {%- set gone = segmentloom.gone_audiences(results, passed, tables) -%}
        {%- for name in gone -%}
            {%- do segmentloom.run_together(segmentloom.retire_statements(name, tables)) -%}
            {%- do segmentloom.drop_gone_model(name, tables) -%}
        {%- endfor -%}
        {%- if passed or gone -%}
            {%- do segmentloom.record_definitions(passed, gone, tables['audience_changes']) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
