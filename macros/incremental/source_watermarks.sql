{#-
    The configured sources that say when their rows were loaded: name -> consumer in the progress table. An ephemeral
    model can be no part of the query for its load times, so it is read whole.
-#}
{% macro timed_sources() -%}
    {%- set timed = {} -%}
    {%- for source in var('segmentloom_sources', []) if segmentloom.load_times_of_source(source) -%}
        {%- do timed.update({source.name: 'source:' ~ source.name}) -%}
    {%- endfor -%}
    {{ return(timed) }}
{%- endmacro %}

{# The query for all load times of a source, as loaded_at; none when it does not say them. #}
{% macro load_times_of_source(source) -%}
    {%- if source.get('kind') == 'custom' and ('loaded_at' not in source.get('columns', {}) or segmentloom.source_relation(source).is_cte) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set queries = [] -%}
    {%- for part in segmentloom.source_parts(source) -%}
        {%- if part.get('load_times') -%}
            {%- do queries.append(part.load_times) -%}
            {%- continue -%}
        {%- elif part.get('reads_all') -%}
            {%- continue -%}
        {%- elif not part.times.get('loaded_at') -%}
            {{ return(none) }}
        {%- endif -%}
        {%- do queries.append('select ' ~ part.times.loaded_at ~ ' as loaded_at from ' ~ part.rows) -%}
    {%- endfor -%}
    {{ return(queries | join(' union all ')) }}
{%- endmacro %}

{#-
    The latest load time in each of them, as ISO text, where it is later than what is known. Asked before they are read, so that rows which come in between
    are read again rather than never; of times up to now, so that one wrong clock does not hide what follows.
-#}
{% macro load_times_of_sources(step, known) -%}
    {%- set latest = {} -%}
    {%- set queries = [] -%}
    {%- for source in var('segmentloom_sources', []) if source.name in step.timed -%}
        {%- do queries.append(
            'select ' ~ segmentloom.literal(source.name) ~ ' as name, max(loaded_at) as loaded_at from ('
            ~ segmentloom.load_times_of_source(source) ~ ') as source'
            ~ ' where loaded_at between ' ~ segmentloom.timestamp_literal('1970-01-01')
            ~ ' and ' ~ segmentloom.timestamp_literal(segmentloom.run_time())
        ) -%}
    {%- endfor -%}
    {%- if queries -%}
        {%- for row in run_query(queries | join(' union all ')).rows if row[1] is not none -%}
            {%- set before = known.get('source:' ~ row[0]) -%}
            {%- if not before or not before.watermark or segmentloom.iso_text(row[1]) > segmentloom.iso_text(before.watermark) -%}
                {%- do latest.update({row[0]: segmentloom.iso_text(row[1])}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(latest) }}
{%- endmacro %}

{# From which load time on each is read: its watermark less the hours that rows may be late by. #}
{% macro times_to_read_since(step, known) -%}
    {%- set hours = var('segmentloom_lookback_hours', 72) -%}
    {%- if hours is not number or hours is boolean or hours < 0 or hours > 87600 -%}
        {{ exceptions.raise_compiler_error(
            'segmentloom_lookback_hours is ' ~ hours ~ '; write a number of hours from 0 to 87600, such as 72'
        ) }}
    {%- endif -%}
    {%- set lookback = modules.datetime.timedelta(hours=hours) -%}
    {%- set since = {} -%}
    {%- for name, consumer in step.timed.items() if known.get(consumer, {}).get('watermark') -%}
        {%- do since.update({name: segmentloom.iso_text(known[consumer].watermark - lookback)}) -%}
    {%- endfor -%}
    {{ return(since) }}
{%- endmacro %}
