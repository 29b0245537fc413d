{#-
    A relation that a source reads with the columns that it has: {rows, columns: {name in lower case: {sql, type}}}.

    Exports leave out columns that never had a value, so nothing is read that is not there. In a sketch the columns are
    those that the kind's documentation names.

    key        the key of the source that names the relation
    documented the columns of the kind, as text with blanks
-#}
{% macro source_table(source, step, documented, key='relation') -%}
    {%- set relation = segmentloom.source_relation(source, key) -%}
    {%- if segmentloom.is_sketch(step) -%}
        {{ return({'rows': relation | string, 'columns': segmentloom.sketched_columns(documented ~ ' ' ~ source.get('loaded_at', '') | lower)}) }}
    {%- endif -%}
    {%- set found = segmentloom.tables_of(relation.database, relation.schema, relation.identifier) -%}
    {%- if not found -%}
        {{ segmentloom.source_problem(source, key, 'names ' ~ relation ~ ', which is not there or hidden from this role; correct it, or grant reading it') }}
    {%- endif -%}
    {{ return(found.values() | first) }}
{%- endmacro %}

{#-
    The tables of a schema with their columns: name in lower case -> {rows, columns}; with `name` of that one only, with
    `pattern` of those whose names are like it.
-#}
{% macro tables_of(database, schema, name=none, pattern=none) -%}
    {%- set tables = {} -%}
    {%- for row in run_query(segmentloom.columns_query(database, schema, name, pattern)).rows -%}
        {%- set table = row[2] | lower -%}
        {%- if table not in tables -%}
            {%- do tables.update({table: {'rows': segmentloom.quoted_path([row[0], row[1], row[2]]), 'columns': {}}}) -%}
        {%- endif -%}
        {%- do tables[table].columns.update({row[3] | lower: {'sql': segmentloom.quoted_name(row[3]), 'type': row[4] | lower}}) -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro %}

{% macro sketched_columns(documented) -%}
    {%- set columns = {} -%}
    {%- for name in documented.split() -%}
        {%- do columns.update({name: {'sql': segmentloom.quoted_name(name), 'type': 'text'}}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{# The schema that a source names with `schema: name` or `schema: database.name`, as a relation without identifier. #}
{% macro source_schema(source) -%}
    {%- set parts = source.get('schema', '').split('.') if source.get('schema', '') is string else [] -%}
    {%- if parts | length not in (1, 2) or '' in parts -%}
        {{ segmentloom.source_problem(source, 'schema', 'is missing or unclear; write "schema" or "database.schema"') }}
    {%- endif -%}
    {{ return({'database': parts[0] if parts | length == 2 else target.database, 'schema': parts[-1]}) }}
{%- endmacro %}
