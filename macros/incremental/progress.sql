{#-
    How far each incremental model has come, in a table that on-run-start makes. Entries are only added, and the latest
    of a consumer counts: BigQuery ends a transaction that changes rows of a table in which another one does.

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
            'select consumer, generation, batch, rules, watermark from ' ~ segmentloom.latest_progress()
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
        'insert into ' ~ segmentloom.state_relation('progress')
            ~ ' (consumer, entry, generation, batch, rules, watermark, updated_at)'
            ~ ' select ' ~ segmentloom.literal(consumer) ~ ', coalesce(max(entry), 0) + 1, '
            ~ "'" ~ generation ~ "', " ~ batch ~ ", '" ~ rules ~ "', "
            ~ time ~ ', ' ~ segmentloom.timestamp_literal(segmentloom.run_time())
            ~ ' from ' ~ segmentloom.state_relation('progress') ~ ' where consumer = ' ~ segmentloom.literal(consumer),
    ]) }}
{%- endmacro %}

{# Without a generation a consumer starts from nothing: written before a table is replaced, so that a kill in between is harmless. #}
{% macro forget_progress(consumer) -%}
    {{ return(segmentloom.progress_statements(consumer, '', 0)[0]) }}
{%- endmacro %}

{# The latest entry of each consumer, as a subquery. #}
{% macro latest_progress() -%}
    (
        select consumer, generation, batch, rules, watermark
        from (
            select *, row_number() over (partition by consumer order by entry desc) as place
            from {{ segmentloom.state_relation('progress') }} as entries
        ) as placed
        where place = 1
    ) as latest_progress
{%- endmacro %}

{#-
    A statement for the midst of a transaction that fails when a consumer is no longer where the step began: another
    build has been here meanwhile. After the first change to the consumer's table, so that the two cannot pass each other.
    With a watermark the consumer also has to be as of that time still, which can pass without a batch.
-#}
{% macro expect_progress(consumer, generation, batch, rules=none, watermark=none) -%}
    {{ return(
        "select cast(case when count(*) = 1 then '1' else 'another build was here: run again' end as "
        ~ dbt.type_bigint() ~ ') from ' ~ segmentloom.latest_progress() ~ ' where '
        ~ segmentloom.is_at(consumer, generation, batch, rules, watermark)
    ) }}
{%- endmacro %}

{# Whether an entry says that a consumer is there. #}
{% macro is_at(consumer, generation, batch, rules=none, watermark=none) -%}
    {{ return(
        'consumer = ' ~ segmentloom.literal(consumer) ~ " and generation = '" ~ generation ~ "' and batch = " ~ batch
        ~ (" and rules = '" ~ rules ~ "'" if rules)
        ~ (' and watermark = ' ~ segmentloom.timestamp_literal(watermark) if watermark)
    ) }}
{%- endmacro %}

{# Takes away the entries that are not the latest, at the start of a run. #}
{% macro forget_older_progress() -%}
    {%- set progress, text = segmentloom.state_relation('progress'), dbt.type_string() -%}
    {%- do run_query(
        'delete from ' ~ progress ~ " where consumer || ' ' || cast(entry as " ~ text ~ ') not in ('
        ~ "select consumer || ' ' || cast(max(entry) as " ~ text ~ ') from ' ~ progress ~ ' group by consumer)'
    ) -%}
{%- endmacro %}

{# When this run started, as ISO text in UTC. #}
{% macro run_time() -%}
    {{ return(run_started_at.astimezone(modules.pytz.utc).strftime('%Y-%m-%dT%H:%M:%S.%fZ')) }}
{%- endmacro %}
