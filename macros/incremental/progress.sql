{#-
    How far each incremental model has come: one row per consumer in a table that on-run-start makes.

    generation  changes when the events are built anew; a consumer of another generation starts from nothing
    batch       the last batch that is folded in
    rules       a digest of what the consumer's rows depend on beside the events
    watermark   for sources that are read by load time
-#}
{% macro progress(consumer) -%}
    {{ return(segmentloom.progress_of([consumer]).get(consumer)) }}
{%- endmacro %}

{# The same of several consumers with one query: name -> {generation, batch, rules, watermark}; without those that never ran. #}
{% macro progress_of(consumers) -%}
    {%- set found = {} -%}
    {#- A unit test brings its own events: what the warehouse holds says nothing about them. -#}
    {%- if execute and model.resource_type != 'unit_test' and load_relation(segmentloom.state_relation('progress')) -%}
        {%- set names = [] -%}
        {%- for consumer in consumers -%}{%- do names.append(segmentloom.literal(consumer)) -%}{%- endfor -%}
        {%- set rows = run_query(
            'select consumer, generation, batch, rules, watermark from ' ~ segmentloom.state_relation('progress')
            ~ ' where consumer in (' ~ names | join(', ') ~ ')'
        ).rows -%}
        {%- for row in rows -%}
            {%- do found.update({row[0]: {
                'generation': row[1], 'batch': row[2] | int, 'rules': row[3], 'watermark': row[4],
            }}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{# The statements that record how far a consumer has come, for the transaction that brings it there. #}
{% macro progress_statements(consumer, generation, batch, rules='', watermark=none) -%}
    {%- set time = segmentloom.timestamp_literal(watermark) if watermark else 'cast(null as ' ~ segmentloom.type_timestamp() ~ ')' -%}
    {{ return([
        segmentloom.forget_progress(consumer),
        'insert into ' ~ segmentloom.state_relation('progress')
            ~ ' (consumer, generation, batch, rules, watermark, updated_at)'
            ~ ' select ' ~ segmentloom.literal(consumer) ~ ", '" ~ generation ~ "', " ~ batch ~ ", '" ~ rules ~ "', "
            ~ time ~ ', ' ~ segmentloom.timestamp_literal(segmentloom.run_time()),
    ]) }}
{%- endmacro %}

{# Without its row a consumer starts from nothing: written before a table is replaced, so that a kill in between is harmless. #}
{% macro forget_progress(consumer) -%}
    {{ return('delete from ' ~ segmentloom.state_relation('progress') ~ ' where consumer = ' ~ segmentloom.literal(consumer)) }}
{%- endmacro %}

{# When this run started, as ISO text in UTC. #}
{% macro run_time() -%}
    {{ return(run_started_at.astimezone(modules.pytz.utc).strftime('%Y-%m-%dT%H:%M:%S.%fZ')) }}
{%- endmacro %}
