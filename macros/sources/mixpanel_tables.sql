{#- What the tables beside Mixpanel's events say. They are read whole in each build: a row that is new may be about an old event. -#}

{# Which ids are one: `$device:a` resolved to b. The one that others resolve to may be a device in itself, of which nothing is known yet. #}
{% macro mixpanel_mappings(source, step, table) -%}
    {%- set mappings = segmentloom.source_table(source, step, 'distinct_id resolved_distinct_id', 'identity_mappings') -%}
    {%- set from_id, to_id = segmentloom.text_of(mappings, ['distinct_id']), segmentloom.text_of(mappings, ['resolved_distinct_id']) -%}
    {%- if not from_id or not to_id -%}
        {{ segmentloom.source_problem(source, 'identity_mappings', 'lacks the columns distinct_id and resolved_distinct_id; name mp_identity_mappings_data, or the view of it') }}
    {%- endif -%}
    {%- set rows = '(select distinct ' ~ from_id ~ ' as distinct_id, ' ~ to_id ~ ' as resolved_id from ' ~ mappings.rows ~ ') as mappings' -%}
    {{ return({
        'reads_all': true,
        'rows': segmentloom.with_first_seen(source, table, rows),
        'texts': {
            'event_id': "'mapping:' || distinct_id || ':' || resolved_id",
            'type': "'alias'",
            'user_id': 'resolved_id',
            'previous_id': segmentloom.without_device_prefix('distinct_id'),
        },
        'times': {'occurred_at': 'first_seen_at', 'received_at': 'first_seen_at'},
        'objects': {},
        'where': 'distinct_id <> resolved_id and not ' ~ segmentloom.text_starts_with('resolved_id', "'$device:'"),
    }) }}
{%- endmacro %}

{# What is known of a person. #}
{% macro mixpanel_people(source, step, table) -%}
    {%- set people = segmentloom.source_table(source, step, 'distinct_id properties', 'people') -%}
    {%- set id = segmentloom.text_of(people, ['distinct_id', '$distinct_id']) -%}
    {%- if not id or 'properties' not in people.columns -%}
        {{ segmentloom.source_problem(source, 'people', 'lacks the columns distinct_id and properties; name mp_people_data, or the view of it') }}
    {%- endif -%}
    {%- set rows = '(select ' ~ id ~ ' as distinct_id, segmentloom_properties from ' ~ segmentloom.parsed_rows(people, ['properties']) ~ ') as people' -%}
    {%- set is_device = segmentloom.text_starts_with('distinct_id', "'$device:'") -%}
    {%- set last_seen = segmentloom.utc_timestamp(segmentloom.json_raw_text('segmentloom_properties', ['$last_seen'])) -%}
    {{ return({
        'reads_all': true,
        'rows': segmentloom.with_first_seen(source, table, rows),
        'texts': {
            'event_id': "'person:' || distinct_id || ':' || " ~ segmentloom.sha256_hex(segmentloom.json_to_text('segmentloom_properties')),
            'type': "'identify'",
            'anonymous_id': 'case when ' ~ is_device ~ ' then ' ~ segmentloom.without_device_prefix('distinct_id') ~ ' end',
            'user_id': 'case when not ' ~ is_device ~ ' then distinct_id end',
            'email': segmentloom.json_raw_text('segmentloom_properties', ['$email']),
        },
        'times': {
            'occurred_at': 'coalesce(' ~ last_seen ~ ', first_seen_at)',
            'received_at': 'coalesce(' ~ last_seen ~ ', first_seen_at)',
        },
        'objects': {'traits': segmentloom.json_to_text('segmentloom_properties')},
        'where': 'segmentloom_properties is not null',
    }) }}
{%- endmacro %}

{% macro without_device_prefix(expression) -%}
    {{ return('case when ' ~ segmentloom.text_starts_with(expression, "'$device:'") ~ ' then substr(' ~ expression ~ ', 9) else ' ~ expression ~ ' end') }}
{%- endmacro %}

{# Rows that have a distinct_id, with the time of its first event; ids without events are of no use and left out. #}
{% macro with_first_seen(source, table, rows) -%}
    {%- set seen -%}
        (
            select {{ segmentloom.text_of(table, ['distinct_id']) }} as seen_id, min({{ segmentloom.mixpanel_time(source, table) }}) as first_seen_at
            from {{ table.rows }}
            group by 1
        )
    {%- endset -%}
    {{ return(rows ~ ' inner join ' ~ seen ~ ' as seen on seen_id = distinct_id') }}
{%- endmacro %}
