{#-
    The relation a source reads: text `schema.table` or `database.schema.table`, a mapping of those parts, or
    `{ref: model}`. `key` is the key of the source that says it.
-#}
{% macro source_relation(source, key='relation') -%}
    {%- set given = source.get(key) -%}
    {%- if given is mapping and given.get('ref') -%}
        {{ return(segmentloom.live_relation(ref(given.ref))) }}
    {%- endif -%}
    {%- if given is string -%}
        {%- set parts = given.split('.') -%}
        {%- set given = {'identifier': parts[-1], 'schema': parts[-2], 'database': parts[-3] if parts | length == 3 else none}
            if parts | length in (2, 3) else {} -%}
    {%- endif -%}
    {%- if given is not mapping or not given.get('schema') or not given.get('identifier') -%}
        {{ segmentloom.source_problem(source, key, "is missing or unclear; write \"schema.table\", \"database.schema.table\" or {ref: model}") }}
    {%- endif -%}
    {{ return(api.Relation.create(database=given.get('database') or target.database, schema=given.schema, identifier=given.identifier)) }}
{%- endmacro %}
