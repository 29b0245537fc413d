{#-
    Mixpanel's export (JSON pipeline): `mp_master_event` and, where named, the tables beside it.

    relation           mp_master_event
    identity_mappings  mp_identity_mappings_data, the view of it where there is one: each row becomes an alias event
    people             mp_people_data, likewise: each state of a person becomes an identify event
    time_zone          of the project, when the export has local times; by default they are UTC
    id_merge           simplified (default): a distinct_id without `$device:` is the id of a user; original: it is the id
                       of a device unless the event names a user
    loaded_at          the column that says when a row was loaded; by default when Mixpanel processed the event

    The tables beside the events say no times: what they say is as old as the first event of that distinct_id.
-#}
{% macro source_mixpanel(source, step=none) -%}
    {%- do segmentloom.check_source(source, 'relation identity_mappings people time_zone id_merge loaded_at', 'relation') -%}
    {%- if source.get('id_merge', 'simplified') not in ['simplified', 'original'] -%}
        {{ segmentloom.source_problem(source, 'id_merge', "is '" ~ source.id_merge ~ "'; use simplified or original, as the settings of your Mixpanel project say") }}
    {%- endif -%}
    {%- set table = segmentloom.source_table(source, step, 'event_name insert_id distinct_id device_id user_id time properties') -%}
    {%- set parts = [segmentloom.mixpanel_events(source, table)] -%}
    {%- if source.get('identity_mappings') -%}
        {%- do parts.append(segmentloom.mixpanel_mappings(source, step, table)) -%}
    {%- endif -%}
    {%- if source.get('people') -%}
        {%- do parts.append(segmentloom.mixpanel_people(source, step, table)) -%}
    {%- endif -%}
    {{ return(parts) }}
{%- endmacro %}

{% macro mixpanel_events(source, table) -%}
    {%- set names = {'device': ['device_id', '$device_id'], 'user': ['user_id', '$user_id'], 'distinct': ['distinct_id', 'distinct_id'],
        'insert': ['insert_id', '$insert_id']} -%}
    {%- set ids = {} -%}
    {%- for id, places in names.items() -%}
        {%- set column = segmentloom.text_of(table, [places[0]]) -%}
        {%- set texts = [column, segmentloom.parsed_text('properties', [places[1]])] | select | list -%}
        {%- do ids.update({id: segmentloom.first_of(texts)}) -%}
    {%- endfor -%}
    {%- set event = segmentloom.text_of(table, ['event_name', 'event', 'name']) -%}
    {%- set is_device = 'coalesce(' ~ segmentloom.text_starts_with(ids.distinct, "'$device:'") ~ ', false)' -%}
    {%- set processed_at = segmentloom.time_of_millisecond_text(segmentloom.json_raw_text('segmentloom_properties', ['mp_processing_time_ms'])) -%}
    {%- set loaded_at = segmentloom.load_time_of(source, table, ['_fivetran_synced']) or processed_at -%}
    {%- if source.get('id_merge') == 'original' -%}
        {%- set anonymous_id = 'case when ' ~ is_device ~ ' then substr(' ~ ids.distinct ~ ', 9) when ' ~ ids.user ~ ' is null then ' ~ ids.distinct ~ ' end' -%}
        {%- set user_id = ids.user -%}
    {%- else -%}
        {%- set anonymous_id = 'case when ' ~ is_device ~ ' then substr(' ~ ids.distinct ~ ', 9) end' -%}
        {%- set user_id = 'coalesce(' ~ ids.user ~ ', case when not ' ~ is_device ~ ' and ' ~ ids.distinct ~ ' <> coalesce(' ~ ids.device ~ ", '') then "
            ~ ids.distinct ~ ' end)' -%}
    {%- endif -%}
    {{ return({
        'rows': segmentloom.parsed_rows(table, ['properties']),
        'texts': {
            'event_id': ids.insert,
            'type': 'case ' ~ event ~ " when '$mp_web_page_view' then 'page' when '$identify' then 'identify' when '$create_alias' then 'alias' else 'track' end",
            'event': event,
            'anonymous_id': 'coalesce(' ~ ids.device ~ ', ' ~ anonymous_id ~ ')',
            'user_id': user_id,
            'previous_id': 'case when ' ~ event ~ " = '$create_alias' then " ~ segmentloom.parsed_text('properties', ['alias']) ~ ' end',
        },
        'times': {
            'occurred_at': segmentloom.mixpanel_time(source, table),
            'received_at': processed_at,
            'loaded_at': loaded_at,
        },
        'objects': {
            'properties': 'coalesce(' ~ segmentloom.json_to_text('segmentloom_properties') ~ ", '{}')",
            'context': segmentloom.json_object_text({
                'page': segmentloom.inner_object(segmentloom.parsed_entries('properties', {'url': '$current_url', 'referrer': '$referrer'})),
                'library': segmentloom.inner_object(segmentloom.parsed_entries('properties', {'name': 'mp_lib', 'version': '$lib_version'})),
                'location': segmentloom.inner_object(segmentloom.parsed_entries('properties', {
                    'city': '$city', 'region': '$region', 'country': 'mp_country_code',
                })),
                'os': segmentloom.inner_object(segmentloom.parsed_entries('properties', {'name': '$os'})),
            }),
        },
        'place': segmentloom.place_of(processed_at),
    }) }}
{%- endmacro %}

{% macro mixpanel_time(source, table) -%}
    {%- set time = segmentloom.time_of(table, ['time', 'event_time']) -%}
    {{ return(segmentloom.zoned_to_utc(time, source.time_zone) if source.get('time_zone') else time) }}
{%- endmacro %}
