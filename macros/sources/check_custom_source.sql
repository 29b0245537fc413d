{# Stops when a source of kind `custom` is not what `source_custom` documents. #}
{% macro check_custom_source(source) -%}
    {%- set known = [
        'event_id', 'type', 'event', 'occurred_at', 'received_at', 'loaded_at', 'user_id', 'anonymous_id',
        'previous_id', 'email', 'properties', 'traits', 'context',
    ] -%}
    {%- for key in source if key not in ['name', 'kind', 'relation', 'columns', 'constants'] -%}
        {{ segmentloom.source_problem(source, key, 'is not known; a custom source has name, kind, relation, columns, constants') }}
    {%- endfor -%}
    {%- for part in ['columns', 'constants'] -%}
        {%- if source.get(part, {}) is not mapping -%}
            {{ segmentloom.source_problem(source, part, 'is no mapping; write `' ~ part ~ ': {user_id: ...}`') }}
        {%- endif -%}
        {%- for key, value in source.get(part, {}).items() -%}
            {%- if key not in known -%}
                {{ segmentloom.source_problem(source, part ~ '.' ~ key, 'is not known; use one of ' ~ known | join(', ')) }}
            {%- elif value is none or value == '' or value == {} -%}
                {{ segmentloom.source_problem(source, part ~ '.' ~ key, 'is empty; name a column, or leave it out') }}
            {%- elif value is mapping and key not in ['properties', 'traits', 'context'] -%}
                {{ segmentloom.source_problem(source, part ~ '.' ~ key, 'is a mapping; only properties, traits and context may be one') }}
            {%- elif part == 'constants' and value is not mapping and key in ['properties', 'traits', 'context'] -%}
                {{ segmentloom.source_problem(source, part ~ '.' ~ key, 'is no mapping; write `' ~ key ~ ': {name: value}`') }}
            {%- elif part == 'constants' and value is not mapping and key in source.get('columns', {}) -%}
                {{ segmentloom.source_problem(source, part ~ '.' ~ key, 'is set in columns too; keep one') }}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set type = source.get('constants', {}).get('type') -%}
    {%- set types = ['track', 'identify', 'page', 'screen', 'group', 'alias'] -%}
    {%- if type is not none and type not in types -%}
        {{ segmentloom.source_problem(source, 'constants.type', "is '" ~ type ~ "'; use one of " ~ types | join(', ')) }}
    {%- endif -%}
    {%- set given = source.get('columns', {}).keys() | list + source.get('constants', {}).keys() | list -%}
    {%- if 'occurred_at' not in given -%}
        {{ segmentloom.source_problem(source, 'columns.occurred_at', 'is missing; map the column that says when it happened') }}
    {%- endif -%}
    {%- if not ['user_id', 'anonymous_id', 'email', 'previous_id', 'traits', 'context', 'properties'] | select('in', given) | list -%}
        {{ segmentloom.source_problem(source, 'columns', 'has no identifier; map user_id, anonymous_id or email') }}
    {%- endif -%}
    {%- if 'event' not in given and type == 'track' -%}
        {{ segmentloom.source_problem(source, 'constants.event', 'is missing; a track needs the name of its event') }}
    {%- elif 'event' not in given and 'type' not in given -%}
        {{ segmentloom.source_problem(source, 'constants.event', 'is missing; name the event, or map event or type') }}
    {%- endif -%}
{%- endmacro %}
