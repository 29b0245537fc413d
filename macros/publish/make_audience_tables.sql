{# Makes the tables that are missing, so that a run of one audience alone can publish it. #}
{% macro make_audience_tables(tables) -%}
    {%- for name, relation in tables.items() -%}
        {%- do run_query('create table if not exists ' ~ relation ~ ' as (' ~ segmentloom.audience_table_columns(name) ~ ')') -%}
    {%- endfor -%}
{%- endmacro %}
