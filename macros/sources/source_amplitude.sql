{#-
    The events of Amplitude: the table `event` of Fivetran's connector, or an export with the same columns.

    relation    the table of events
    merged_ids  the table of merged users, where there is one: what it says becomes alias events
    loaded_at   the column that says when a row was loaded; by default _fivetran_synced, else server_upload_time

    Exports and back-fills repeat rows: of those with one uuid the first loaded counts. event_time is corrected for wrong
    clocks, client_event_time is not. What Amplitude knows of the user at an event becomes context.traits.
-#}
{% macro source_amplitude(source, step=none) -%}
    {%- do segmentloom.check_source(source, 'relation merged_ids loaded_at', 'relation') -%}
    {%- set table = segmentloom.source_table(source, step,
        'uuid _insert_id device_id user_id event_type event_time server_received_time server_upload_time session_id '
        ~ 'event_properties user_properties group_properties groups city country region ip_address language library platform '
        ~ 'device_type os_name os_version version_name amplitude_id') -%}
    {%- set event = segmentloom.text_of(table, ['event_type']) -%}
    {%- set insert_id = segmentloom.text_of(table, ['_insert_id', 'insert_id', '$insert_id']) -%}
    {%- set device_id = segmentloom.text_of(table, ['device_id']) or "''" -%}
    {%- set ids = [segmentloom.text_of(table, ['uuid']), insert_id ~ " || ':' || coalesce(" ~ device_id ~ ", '')" if insert_id] -%}
    {%- set user_properties = segmentloom.json_to_text('segmentloom_user_properties') -%}
    {%- set received_at = segmentloom.time_of(table, ['server_received_time', 'server_upload_time']) -%}
    {%- set uploaded_at = segmentloom.time_of(table, ['server_upload_time', 'server_received_time']) -%}
    {%- set parts = [{
        'rows': segmentloom.parsed_rows(table, ['event_properties', 'user_properties', 'group_properties']),
        'texts': {
            'event_id': segmentloom.first_of(ids | select | list),
            'type': 'case ' ~ event ~ " when '$identify' then 'identify' when '$groupidentify' then 'group' else 'track' end",
            'event': event,
            'anonymous_id': segmentloom.text_of(table, ['device_id']),
            'user_id': segmentloom.text_of(table, ['user_id']),
        },
        'times': {
            'occurred_at': segmentloom.time_of(table, ['event_time', 'client_event_time']),
            'received_at': received_at,
            'loaded_at': segmentloom.load_time_of(source, table, ['_fivetran_synced', 'server_upload_time', 'server_received_time']),
        },
        'objects': {
            'properties': 'coalesce(' ~ segmentloom.json_to_text('segmentloom_event_properties') ~ ", '{}')",
            'traits': 'coalesce(case ' ~ event ~ " when '$identify' then " ~ user_properties ~ " when '$groupidentify' then "
                ~ segmentloom.json_to_text('segmentloom_group_properties') ~ " end, '{}')",
            'context': segmentloom.amplitude_context(table, event, user_properties),
        },
        'place': segmentloom.place_of(uploaded_at) if uploaded_at,
    }] -%}
    {%- if source.get('merged_ids') -%}
        {%- do parts.append(segmentloom.amplitude_merges(source, step, table)) -%}
    {%- endif -%}
    {{ return(parts) }}
{%- endmacro %}

{% macro amplitude_context(table, event, user_properties) -%}
    {%- set context = segmentloom.entries_of(table, {
        'ip': 'ip_address', 'locale': 'language', 'platform': 'platform', 'session_id': 'session_id', 'groups': 'groups',
        'amplitude_id': 'amplitude_id',
    }) -%}
    {%- do context.update({
        'app': segmentloom.inner_object(segmentloom.entries_of(table, {'name': 'app', 'version': 'version_name'})),
        'device': segmentloom.inner_object(segmentloom.entries_of(table, {
            'type': 'device_type', 'brand': 'device_brand', 'manufacturer': 'device_manufacturer', 'model': 'device_model',
            'advertising_id': 'ad_id',
        })),
        'library': segmentloom.inner_object(segmentloom.entries_of(table, {'name': 'library'})),
        'location': segmentloom.inner_object(segmentloom.entries_of(table, {'city': 'city', 'country': 'country', 'region': 'region'})),
        'os': segmentloom.inner_object(segmentloom.entries_of(table, {'name': 'os_name', 'version': 'os_version'})),
        'traits': 'case when coalesce(' ~ event ~ ", '') not in ('$identify', '$groupidentify') then " ~ user_properties ~ ' end',
    }) -%}
    {{ return(segmentloom.json_object_text(context)) }}
{%- endmacro %}
