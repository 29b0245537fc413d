{# Makes the landed tables when they are missing, so that the project builds before anything was ever loaded. #}
{% macro create_raw_tables() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'test', 'snapshot', 'seed'] -%}
        {%- for name, columns in segmentloom.raw_tables().items() -%}
            {%- set table = segmentloom.raw_relation(name) -%}
            {%- if adapter.get_relation(table.database, table.schema, table.identifier) is none -%}
                {%- do adapter.create_schema(table.without_identifier()) -%}
                {%- set definitions = [] -%}
                {%- for column, type in columns.items() -%}{%- do definitions.append(column ~ ' ' ~ type) -%}{%- endfor -%}
                {%- set columns_text = ' (' ~ definitions | join(', ') ~ ')' -%}
                {%- do run_query('create table if not exists ' ~ table ~ columns_text ~ segmentloom.load_time_partition()) -%}
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
