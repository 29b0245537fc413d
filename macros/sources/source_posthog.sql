{#-
    The events of PostHog's batch export.

    relation    the table of events; properties, set and set_once may be JSON or text, and on Snowflake the last two are
                people_set and people_set_once
    loaded_at   the column that says when a row was loaded; by default bq_ingested_timestamp, else inserted_at. Where
                none is there, the table is read whole in each build

    An anonymous visitor's distinct_id is an id of the device: it is a user_id only of whom PostHog says otherwise.
-#}
{% macro source_posthog(source, step=none) -%}
    {%- do segmentloom.check_source(source, 'relation loaded_at', 'relation') -%}
    {%- set table = segmentloom.source_table(source, step,
        'uuid event properties elements set set_once distinct_id team_id ip site_url timestamp bq_ingested_timestamp') -%}
    {%- set event, distinct_id = segmentloom.text_of(table, ['event']), segmentloom.text_of(table, ['distinct_id']) -%}
    {%- set device_id = segmentloom.parsed_text('properties', ['$device_id']) -%}
    {%- set is_anonymous = 'coalesce(' ~ distinct_id ~ ' = ' ~ device_id ~ ', false) or coalesce('
        ~ segmentloom.parsed_text('properties', ['$is_identified']) ~ " = 'false', false)" -%}
    {%- set set_of = 'segmentloom_set_by_user' -%}
    {%- set set = 'nullif(' ~ segmentloom.json_to_text(set_of) ~ ", 'null')" -%}
    {%- set is_identify = event ~ " in ('$identify', '$set')" -%}
    {%- set loaded_at = segmentloom.load_time_of(source, table, ['bq_ingested_timestamp', 'inserted_at', '_inserted_at']) -%}
    {%- set context = segmentloom.entries_of(table, {'ip': 'ip', 'elements': 'elements', 'site_url': 'site_url'}) -%}
    {%- do context.update(segmentloom.parsed_entries('properties', {
        'user_agent': '$raw_user_agent', 'session_id': '$session_id', 'group_id': '$group_key',
    })) -%}
    {%- do context.update({
        'library': segmentloom.inner_object(segmentloom.parsed_entries('properties', {'name': '$lib', 'version': '$lib_version'})),
        'page': segmentloom.inner_object(segmentloom.parsed_entries('properties', {
            'url': '$current_url', 'path': '$pathname', 'referrer': '$referrer', 'title': 'title',
        })),
        'set_once': "nullif(" ~ segmentloom.json_to_text('segmentloom_set_once_by_user') ~ ", 'null')",
        'traits': 'case when not ' ~ is_identify ~ ' then ' ~ set ~ ' end',
    }) -%}
    {{ return([{
        'rows': segmentloom.posthog_rows(table),
        'texts': {
            'event_id': segmentloom.text_of(table, ['uuid']),
            'type': 'case when ' ~ is_identify ~ " then 'identify' when " ~ event ~ " = '$pageview' then 'page' when " ~ event
                ~ " = '$screen' then 'screen' when " ~ event ~ " in ('$create_alias', '$merge_dangerously') then 'alias' when "
                ~ event ~ " = '$groupidentify' then 'group' else 'track' end",
            'event': event,
            'anonymous_id': 'coalesce(case when ' ~ event ~ " = '$identify' then "
                ~ segmentloom.parsed_text('properties', ['$anon_distinct_id']) ~ ' end, case when ' ~ is_anonymous
                ~ ' then ' ~ distinct_id ~ ' end, ' ~ device_id ~ ')',
            'user_id': 'case when not (' ~ is_anonymous ~ ') then ' ~ distinct_id ~ ' end',
            'previous_id': 'case when ' ~ event ~ " in ('$create_alias', '$merge_dangerously') then "
                ~ segmentloom.parsed_text('properties', ['alias']) ~ ' end',
            'email': 'case when ' ~ is_identify ~ ' then coalesce(' ~ segmentloom.json_raw_text(set_of, ['email']) ~ ', '
                ~ segmentloom.json_raw_text('segmentloom_set_once_by_user', ['email']) ~ ') end',
        },
        'times': {
            'occurred_at': segmentloom.time_of(table, ['timestamp']),
            'received_at': segmentloom.time_of(table, ['created_at', '_inserted_at', 'inserted_at', 'bq_ingested_timestamp']),
            'loaded_at': loaded_at,
        },
        'objects': {
            'properties': 'coalesce(' ~ segmentloom.json_to_text('segmentloom_properties') ~ ", '{}')",
            'traits': 'coalesce(case when ' ~ is_identify ~ ' then ' ~ set ~ ' when ' ~ event ~ " = '$groupidentify' then "
                ~ segmentloom.json_text_at('segmentloom_properties', ['$group_set']) ~ " end, '{}')",
            'context': segmentloom.json_object_text(context),
        },
        'place': segmentloom.place_of(loaded_at) if loaded_at,
    }]) }}
{%- endmacro %}

{# With what an event sets of its person, from the columns for it, else from its properties. #}
{% macro posthog_rows(table) -%}
    {%- set more = {} -%}
    {%- for name, columns in {'set': ['set', 'people_set'], 'set_once': ['set_once', 'people_set_once']}.items() -%}
        {%- set places = [] -%}
        {%- for column in columns if column in table.columns -%}{%- do places.append('segmentloom_' ~ column) -%}{%- endfor -%}
        {%- do places.append(segmentloom.json_at('segmentloom_properties', ['$' ~ name])) -%}
        {%- do more.update({'segmentloom_' ~ name ~ '_by_user': segmentloom.first_of(places)}) -%}
    {%- endfor -%}
    {{ return(segmentloom.parsed_rows(table, ['properties', 'set', 'set_once', 'people_set', 'people_set_once'], more)) }}
{%- endmacro %}
