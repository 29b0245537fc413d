{#- What columns of a table say, as SQL; `table` is what `source_table` gives, `names` are of columns in lower case. -#}

{# The first of some columns that is there, or none. #}
{% macro first_column(table, names) -%}
    {%- for name in names if name in table.columns -%}
        {{ return(table.columns[name]) }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}

{# Text: the first of some columns that is neither null nor blank; none when none of them is there. #}
{% macro text_of(table, names) -%}
    {%- set texts = [] -%}
    {%- for name in names if name in table.columns -%}
        {%- do texts.append(segmentloom.trim_blanks('cast(' ~ table.columns[name].sql ~ ' as ' ~ dbt.type_string() ~ ')')) -%}
    {%- endfor -%}
    {{ return(segmentloom.first_of(texts)) }}
{%- endmacro %}

{# The first of some expressions that is not null; none of none. #}
{% macro first_of(expressions) -%}
    {%- if expressions | length > 1 -%}
        {{ return('coalesce(' ~ expressions | join(', ') ~ ')') }}
    {%- endif -%}
    {{ return(expressions | first if expressions else none) }}
{%- endmacro %}

{# A UTC timestamp: the first of some columns that is readable; none when none of them is there. #}
{% macro time_of(table, names) -%}
    {%- set times = [] -%}
    {%- for name in names if name in table.columns -%}
        {%- do times.append(segmentloom.typed_time(table.columns[name].sql, table.columns[name].type)) -%}
    {%- endfor -%}
    {{ return(segmentloom.first_of(times)) }}
{%- endmacro %}

{# When rows were loaded: the first of some columns that is there, by itself, so that an engine can pass over partitions by it. #}
{% macro load_time_of(source, table, names) -%}
    {%- if source.get('loaded_at') -%}
        {%- set names = [source.loaded_at | lower] -%}
        {%- if names[0] not in table.columns -%}
            {{ segmentloom.source_problem(source, 'loaded_at', "is '" ~ source.loaded_at ~ "', which " ~ table.rows ~ ' does not have; name a column of it') }}
        {%- endif -%}
    {%- endif -%}
    {%- set column = segmentloom.first_column(table, names) -%}
    {{ return(segmentloom.typed_time(column.sql, column.type) if column else none) }}
{%- endmacro %}

{# JSON text of a column's value; null of null. An array or object that lies in text is taken for what it is. #}
{% macro json_of(column) -%}
    {%- if segmentloom.is_text_type(column.type) -%}
        {{ return(segmentloom.json_or_text(column.sql)) }}
    {%- endif -%}
    {{ return(segmentloom.json_to_text(column.sql)) }}
{%- endmacro %}

{% macro is_text_type(type) -%}
    {{ return(modules.re.match('(varchar|text|string|char)[a-z ]*([(][0-9]*[)])?$', type) is not none) }}
{%- endmacro %}

{# A mapping for `json_object_text`: the keys of `wanted`, a mapping from keys to names of columns, whose columns are there. #}
{% macro entries_of(table, wanted) -%}
    {%- set entries = {} -%}
    {%- for key, name in wanted.items() if name in table.columns -%}
        {%- do entries.update({key: segmentloom.json_of(table.columns[name])}) -%}
    {%- endfor -%}
    {{ return(entries) }}
{%- endmacro %}

{# JSON text of an object within another one; null when it would be empty. #}
{% macro inner_object(entries) -%}
    {{ return("nullif(" ~ segmentloom.json_object_text(entries) ~ ", '{}')") }}
{%- endmacro %}
