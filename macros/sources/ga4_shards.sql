{# The columns of the export that are read. Objects differ in their fields from date to date, so they are read as JSON text. #}
{% macro ga4_columns() -%}
    {{ return({
        'texts': ['event_name', 'user_id', 'user_pseudo_id', 'stream_id', 'platform', 'batch_page_id', 'batch_ordering_id', 'batch_event_index'],
        'numbers': ['event_timestamp', 'event_server_timestamp_offset'],
        'objects': [
            'event_params', 'user_properties', 'items', 'ecommerce', 'device', 'geo', 'app_info', 'traffic_source',
            'collected_traffic_source', 'privacy_info',
        ],
    }) }}
{%- endmacro %}

{# The tables to read, one for each date: {rows: a query of all, with the date as shard; latest: the latest date of all}. #}
{% macro ga4_shards(source, step) -%}
    {%- set place = segmentloom.source_schema(source) -%}
    {%- set by_date = {} -%}
    {%- if segmentloom.is_sketch(step) -%}
        {%- set columns = segmentloom.ga4_columns() -%}
        {%- do by_date.update({'20260101': {
            'rows': 'events_20260101',
            'columns': segmentloom.sketched_columns((columns.texts + columns.numbers + columns.objects) | join(' ')),
        }}) -%}
    {%- else -%}
        {%- for name, table in segmentloom.tables_of(place.database, place.schema, pattern='events_%').items() -%}
            {%- set found = modules.re.match('events_(intraday_)?([0-9]{8})$', name) -%}
            {%- if found and found.group(2) >= source.get('start_date', '') | string and not (found.group(1) and found.group(2) in by_date) -%}
                {%- do by_date.update({found.group(2): table}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if not by_date -%}
        {{ segmentloom.source_problem(source, 'schema', 'names ' ~ place.database ~ '.' ~ place.schema
            ~ ', which has no tables events_<date>; correct it, or grant reading them') }}
    {%- endif -%}
    {%- set latest = by_date.keys() | max -%}
    {%- set since = segmentloom.first_shard(source, step) -%}
    {%- set queries = [] -%}
    {%- for date, table in by_date | dictsort if date >= since or date == latest -%}
        {%- do queries.append(segmentloom.rows_of_shard(date, table)) -%}
    {%- endfor -%}
    {{ return({'rows': queries | join(' union all '), 'latest': latest}) }}
{%- endmacro %}

{# The first date that a step replaces, as 20260131; before all dates when it builds everything. #}
{% macro first_shard(source, step) -%}
    {%- set since = step.since.get(source.name) if step else none -%}
    {{ return(since[:10] | replace('-', '') if since else '00000000') }}
{%- endmacro %}

{% macro day_of_shard(date) -%}
    {{ return(date[:4] ~ '-' ~ date[4:6] ~ '-' ~ date[6:]) }}
{%- endmacro %}

{% macro rows_of_shard(date, table) -%}
    {%- set names = segmentloom.ga4_columns() -%}
    {%- set text, number = dbt.type_string(), dbt.type_bigint() -%}
    {%- set columns = ["'" ~ date ~ "' as shard"] -%}
    {%- for name in names.texts + names.numbers + names.objects -%}
        {%- set column = table.columns.get(name) -%}
        {%- if name in names.objects -%}
            {%- do columns.append((segmentloom.json_of(column) if column else 'cast(null as ' ~ text ~ ')') ~ ' as ' ~ name) -%}
        {%- else -%}
            {%- set type = text if name in names.texts else number -%}
            {%- do columns.append('cast(' ~ (column.sql if column else 'null') ~ ' as ' ~ type ~ ') as ' ~ name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('select ' ~ columns | join(', ') ~ ' from ' ~ table.rows) }}
{%- endmacro %}
