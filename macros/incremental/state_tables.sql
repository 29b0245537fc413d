{# The tables in which the incremental models keep account, beside the models in the schema of the events: name -> columns. #}
{% macro state_tables() -%}
    {%- set text, number, time = dbt.type_string(), dbt.type_bigint(), segmentloom.type_timestamp() -%}
    {{ return({
        'progress': {
            'consumer': text, 'entry': number, 'generation': text, 'batch': number, 'rules': text, 'watermark': time,
            'updated_at': time,
        },
        'counted_events': {'event': text, 'counters': text},
        'followed_conditions': {'condition_name': text, 'since': number},
        'dropped_conditions': {'condition_name': text},
        'standing_audiences': {'node_id': text, 'audience': text, 'asks': text},
        'condition_words': {'table_name': text},
        'failed_audiences': {'audience': text, 'failed_at': time, 'tests': text},
        'built_views': {'node_id': text, 'digest': text},
        'loads': {'load_id': text, 'source_id': text, 'batch': number},
        'retractions': {
            'source_id': text, 'event_id': text, 'type': text, 'occurred_at': time, 'user_id': text, 'email': text,
            'anonymous_id': text, 'previous_id': text, 'owner_key': segmentloom.type_identifier_key(), 'batch': number,
        },
    }) }}
{%- endmacro %}

{% macro state_relation(name) -%}
    {%- set events = graph.nodes['model.segmentloom.segmentloom__events'] -%}
    {{ return(api.Relation.create(
        database=events.database,
        schema=events.schema,
        identifier='int_segmentloom__' ~ name,
    )) }}
{%- endmacro %}

{# Makes those that are missing, at the start of a run. #}
{% macro create_state_tables() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'test'] -%}
        {%- for name, columns in segmentloom.state_tables().items() -%}
            {%- set table = segmentloom.state_relation(name) -%}
            {%- if adapter.get_relation(table.database, table.schema, table.identifier) is none -%}
                {%- do adapter.create_schema(table.without_identifier()) -%}
                {%- set definitions = [] -%}
                {%- for column, type in columns.items() -%}{%- do definitions.append(column ~ ' ' ~ type) -%}{%- endfor -%}
                {%- do run_query('create table if not exists ' ~ table ~ ' (' ~ definitions | join(', ') ~ ')') -%}
                {#- dbt listed what there is before. -#}
                {%- do adapter.cache_added(segmentloom.stored_name(table.incorporate(type='table'))) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do segmentloom.forget_older_progress() -%}
    {%- endif -%}
{%- endmacro %}
