{# Makes the tables that are missing, so that a run of one audience alone can publish it. #}
{% macro make_audience_tables(tables) -%}
    {%- set column = segmentloom.cluster_column('audience') -%}
    {%- set clustering = ' cluster by ' ~ column if column else '' -%}
    {%- for name, relation in tables.items() if not load_relation(relation) -%}
        {%- do run_query(
            'create table if not exists ' ~ relation ~ clustering ~ ' as (' ~ segmentloom.audience_table_columns(name) ~ ')'
        ) -%}
    {%- endfor -%}
{%- endmacro %}
