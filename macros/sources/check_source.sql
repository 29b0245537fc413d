{#-
    Stops when an entry has a key that its kind does not know, or lacks one that it needs.

    known   the keys beside name and kind, as text with blanks; required likewise
-#}
{% macro check_source(source, known, required) -%}
    {%- set keys = ['name', 'kind'] + known.split() -%}
    {%- for key in source if key not in keys -%}
        {{ segmentloom.source_problem(source, key, 'is not known; a ' ~ source.kind ~ ' source has ' ~ keys | join(', ')) }}
    {%- endfor -%}
    {%- for key in required.split() if not source.get(key) -%}
        {{ segmentloom.source_problem(source, key, 'is missing; a ' ~ source.kind ~ ' source has ' ~ keys | join(', ')) }}
    {%- endfor -%}
    {%- if 'loaded_at' in source and (source.loaded_at is not string or not source.loaded_at) -%}
        {{ segmentloom.source_problem(source, 'loaded_at', 'is no text; name the column that says when a row was loaded') }}
    {%- endif -%}
{%- endmacro %}
