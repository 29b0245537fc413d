{#-
    Google Analytics 4 and Firebase: the BigQuery export, a table for each date, or copies of these tables elsewhere.

    schema      of these tables, on BigQuery the dataset: "analytics_123456" or "project.analytics_123456"
    start_date  the first date to read, as 20260131; by default all

    A date's `events_<date>` counts, and `events_intraday_<date>` only until that is there. Google rewrites the last dates for three days, so each build
    replaces the dates since segmentloom_lookback_hours before the latest, whole. Rows have no id: one is made of what does not change between
    the two tables, in which the order of parameters does not matter.
-#}
{% macro source_ga4(source, step=none) -%}
    {%- do segmentloom.check_source(source, 'schema start_date', 'schema') -%}
    {%- set start_date = source.get('start_date', '') | string -%}
    {%- if not modules.re.match('([0-9]{8})?$', start_date) -%}
        {{ segmentloom.source_problem(source, 'start_date', "is '" ~ start_date ~ "'; write a date as 20260131") }}
    {%- endif -%}
    {%- set shards = segmentloom.ga4_shards(source, step) -%}
    {%- set parameters = segmentloom.json_of_parameters('event_params') -%}
    {%- set happened_at = segmentloom.time_of_microseconds('event_timestamp') -%}
    {%- set received_at = segmentloom.time_of_microseconds('(event_timestamp + coalesce(event_server_timestamp_offset, 0))') -%}
    {%- set key = {'parameters': 'parameters'} -%}
    {%- for name in [
        'stream_id', 'user_pseudo_id', 'event_name', 'event_timestamp', 'batch_page_id', 'batch_ordering_id', 'batch_event_index',
    ] -%}{%- do key.update({name: segmentloom.json_to_text(name)}) -%}{%- endfor -%}
    {%- set page = segmentloom.parsed_entries('parameters', {'url': 'page_location', 'title': 'page_title', 'referrer': 'page_referrer'}) -%}
    {%- set context = {'traits': 'nullif(' ~ segmentloom.json_of_parameters('user_properties') ~ ", '{}')", 'page': segmentloom.inner_object(page)} -%}
    {%- set listed = '(select *, ' ~ parameters ~ ' as parameters from (' ~ shards.rows ~ ') as shards) as listed' -%}
    {%- for name in segmentloom.ga4_columns().objects if name not in ['event_params', 'user_properties'] -%}
        {%- do context.update({name: "nullif(nullif(" ~ name ~ ", 'null'), '[]')"}) -%}
    {%- endfor -%}
    {%- do context.update({'platform': segmentloom.json_to_text('platform')}) -%}
    {{ return([{
        'reads_all': true,
        'load_times': 'select ' ~ segmentloom.timestamp_literal(segmentloom.day_of_shard(shards.latest)) ~ ' as loaded_at',
        'rows': '(select *, ' ~ segmentloom.json_from_text('parameters') ~ ' as segmentloom_parameters from ' ~ listed ~ ') as exported',
        'texts': {
            'event_id': segmentloom.sha256_hex(segmentloom.json_object_text(key)),
            'type': "case event_name when 'page_view' then 'page' when 'screen_view' then 'screen' else 'track' end",
            'event': 'event_name',
            'anonymous_id': 'user_pseudo_id',
            'user_id': 'user_id',
        },
        'times': {'occurred_at': happened_at, 'received_at': received_at},
        'objects': {'properties': "coalesce(parameters, '{}')", 'context': segmentloom.json_object_text(context)},
        'place': 'shard',
    }]) }}
{%- endmacro %}
