{# Makes the landed tables, and columns of them, when they are missing: so the project builds before the loader has been there. #}
{% macro create_raw_tables() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'test', 'snapshot', 'seed'] -%}
        {%- for name, columns in segmentloom.raw_tables().items() -%}
            {%- set table = segmentloom.raw_relation(name) -%}
            {%- set existing = adapter.get_relation(table.database, table.schema, table.identifier) -%}
            {%- if existing is none -%}
                {%- do adapter.create_schema(table.without_identifier()) -%}
                {%- set definitions = [] -%}
                {%- for column, type in columns.items() -%}{%- do definitions.append(column ~ ' ' ~ type) -%}{%- endfor -%}
                {%- set columns_text = ' (' ~ definitions | join(', ') ~ ')' -%}
                {%- do run_query('create table if not exists ' ~ table ~ columns_text ~ segmentloom.load_time_partition()) -%}
            {%- else -%}
                {%- set known = adapter.get_columns_in_relation(existing) | map(attribute='name') | map('lower') | list -%}
                {%- for column, type in columns.items() if column not in known -%}
                    {%- do run_query('alter table ' ~ existing ~ ' add column if not exists ' ~ column ~ ' ' ~ type) -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro raw_relation(name) -%}
    {{ return(api.Relation.create(
        database=target.database,
        schema=segmentloom.live_schema() ~ '_raw',
        identifier=name,
    )) }}
{%- endmacro %}
