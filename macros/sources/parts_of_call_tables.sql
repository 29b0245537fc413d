{#-
    The parts of a source that has a table for each kind of call, as Segment and RudderStack write them.

    A track is in `tracks` without its properties, and in the table of its event with them, perhaps a little later. Both
    are read, and events_of_parts takes one row for each id: the one with the properties, with the load time of the first.
-#}
{% macro parts_of_call_tables(source, step) -%}
    {%- do segmentloom.check_source(source, 'schema event_tables loaded_at', 'schema') -%}
    {%- set types = segmentloom.call_tables() -%}
    {%- set parts = [] -%}
    {%- for name, table in segmentloom.tables_of_calls(source, step).items() -%}
        {%- do parts.append(segmentloom.part_of_calls(source, table, types.get(name, 'track'), is_bare=name == 'tracks')) -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}

{# The tables that such sources have beside those of events, with the type of their rows. #}
{% macro call_tables() -%}
    {{ return({
        'tracks': 'track', 'identifies': 'identify', 'pages': 'page', 'screens': 'screen', 'groups': 'group', 'aliases': 'alias',
    }) }}
{%- endmacro %}

{# The tables to read, by name in lower case. #}
{% macro tables_of_calls(source, step) -%}
    {%- set place = segmentloom.source_schema(source) -%}
    {%- set wanted = source.get('event_tables') -%}
    {%- if wanted is not none and (wanted is string or wanted is mapping or wanted is not iterable) -%}
        {{ segmentloom.source_problem(source, 'event_tables', 'is no list; write `event_tables: [order_completed]`') }}
    {%- endif -%}
    {%- if segmentloom.is_sketch(step) -%}
        {%- set columns = segmentloom.sketched_columns(segmentloom.call_columns() ~ ' context_traits_email context_page_url context_ip plan ' ~ source.get('loaded_at', '') | lower) -%}
        {{ return({'tracks': {'rows': 'tracks', 'columns': columns}, 'identifies': {'rows': 'identifies', 'columns': columns}}) }}
    {%- endif -%}
    {%- set found = segmentloom.tables_of(place.database, place.schema) -%}
    {%- set chosen = {} -%}
    {%- for name in segmentloom.call_tables() if name in found -%}{%- do chosen.update({name: found[name]}) -%}{%- endfor -%}
    {%- if not chosen -%}
        {{ segmentloom.source_problem(source, 'schema', 'names ' ~ place.database ~ '.' ~ place.schema
            ~ ', which has none of the tables ' ~ segmentloom.call_tables().keys() | join(', ') ~ '; correct it, or grant reading them') }}
    {%- endif -%}
    {%- for name, table in found.items() if name not in chosen and segmentloom.holds_one_event(name, table) -%}
        {%- if wanted is none or name in wanted | map('lower') -%}{%- do chosen.update({name: table}) -%}{%- endif -%}
    {%- endfor -%}
    {%- for name in wanted or [] if name | lower not in chosen -%}
        {{ segmentloom.source_problem(source, 'event_tables', "names '" ~ name ~ "', which is no table of an event in "
            ~ place.database ~ '.' ~ place.schema ~ '; correct it, or leave event_tables out') }}
    {%- endfor -%}
    {{ return(chosen) }}
{%- endmacro %}

{% macro holds_one_event(name, table) -%}
    {{ return(
        not name.endswith('_view') and 'id' in table.columns and 'received_at' in table.columns and 'event_text' in table.columns
    ) }}
{%- endmacro %}

{# The columns that say what a call is; all others are its properties or traits, or begin with `context_`. #}
{% macro call_columns() -%}
    {{ return(
        'id event event_text anonymous_id user_id previous_id group_id timestamp original_timestamp sent_at received_at '
        ~ 'loaded_at uuid uuid_ts record_id channel'
    ) }}
{%- endmacro %}

{# One table. #}
{% macro part_of_calls(source, table, type, is_bare=false) -%}
    {%- set own, circumstances = {}, {} -%}
    {%- for name, column in table.columns.items() -%}
        {%- if name.startswith('context_') -%}{%- do circumstances.update({name[8:]: column}) -%}
        {%- elif name not in segmentloom.call_columns().split() -%}
            {%- do own.update({name: segmentloom.json_of(column)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set received_at = segmentloom.time_of(table, ['received_at']) -%}
    {%- set objects = {'context': segmentloom.unflattened_context(table, circumstances)} -%}
    {%- do objects.update({'traits' if type in ['identify', 'group'] else 'properties': segmentloom.json_object_text(own)}) -%}
    {{ return({
        'rows': table.rows,
        'texts': {
            'event_id': segmentloom.text_of(table, ['id']),
            'type': segmentloom.literal(type),
            'event': segmentloom.text_of(table, ['event_text', 'event']) if type == 'track',
            'anonymous_id': segmentloom.text_of(table, ['anonymous_id']),
            'user_id': segmentloom.text_of(table, ['user_id']),
            'previous_id': segmentloom.text_of(table, ['previous_id']) if type == 'alias',
        },
        'times': {
            'occurred_at': segmentloom.time_of(table, ['timestamp', 'original_timestamp', 'received_at']),
            'received_at': received_at,
            'loaded_at': segmentloom.load_time_of(source, table, ['loaded_at', 'uuid_ts', 'received_at']),
        },
        'objects': objects,
        'shares_ids': true,
        'place': "'" ~ ('1' if is_bare else '0') ~ ":' || " ~ segmentloom.place_of(received_at),
    }) }}
{%- endmacro %}

{# Text that puts rows in the order of a time. #}
{% macro place_of(time) -%}
    {{ return('coalesce(cast(' ~ segmentloom.epoch_microseconds(time) ~ ' as ' ~ dbt.type_string() ~ "), '')") }}
{%- endmacro %}
