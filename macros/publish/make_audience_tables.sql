{# Makes the tables that are missing, so that a run of one audience alone can publish it. #}
{% macro make_audience_tables(tables) -%}
    {%- for name, relation in tables.items() if not load_relation(relation) -%}
        {%- set column = segmentloom.cluster_column('profile_id' if name == 'condition_changes' else 'audience') -%}
        {%- set clustering = ' cluster by ' ~ column if column else '' -%}
        {%- do run_query(
            'create table if not exists ' ~ relation ~ clustering ~ ' as (' ~ segmentloom.audience_table_columns(name) ~ ')'
        ) -%}
    {%- endfor -%}
{%- endmacro %}

{# And the view of who is in now, when no run has built it yet. #}
{% macro make_membership(membership) -%}
    {%- if not load_relation(membership) -%}
        {%- do run_query('create view ' ~ membership ~ ' as ' ~ segmentloom.published_membership()) -%}
    {%- endif -%}
{%- endmacro %}

{# Read whole even with `--empty`, whose `ref` gives no rows: the view stays, and syncs read it. #}
{% macro published_membership() -%}
    select
        members.audience,
        members.profile_id,
        members.entered_at,
        publications.evaluated_at

    from {{ ref('int_segmentloom__members').render() }} as members
    inner join {{ ref('int_segmentloom__publications').render() }} as publications on publications.audience = members.audience
{%- endmacro %}
