{#-
    What stands after `from` for a table whose columns of JSON, or of JSON text, are read as objects: column `name`
    becomes `segmentloom_<name>`, null when it holds none. A column that is not there gives the same.

    more   further columns over those: name -> SQL
-#}
{% macro parsed_rows(table, names, more={}) -%}
    {%- set none_there = segmentloom.json_from_text("cast(null as " ~ dbt.type_string() ~ ")") -%}
    {%- set parsed = [] -%}
    {%- for name in names -%}
        {%- set column = table.columns.get(name) -%}
        {%- set value = none_there -%}
        {%- if column -%}
            {%- set value = segmentloom.text_json_object(column.sql) if segmentloom.is_text_type(column.type) else segmentloom.json_object(column.sql) -%}
        {%- endif -%}
        {%- do parsed.append(value ~ ' as segmentloom_' ~ name) -%}
    {%- endfor -%}
    {%- set rows = '(select *, ' ~ parsed | join(', ') ~ ' from ' ~ table.rows ~ ') as parsed' -%}
    {%- if more -%}
        {%- set further = [] -%}
        {%- for name, value in more.items() -%}{%- do further.append(value ~ ' as ' ~ name) -%}{%- endfor -%}
        {%- set rows = '(select *, ' ~ further | join(', ') ~ ' from ' ~ rows ~ ') as exported' -%}
    {%- endif -%}
    {{ return(rows) }}
{%- endmacro %}

{# Text at a path of a parsed column, without blanks around it; null when it is no scalar or blank. #}
{% macro parsed_text(name, path) -%}
    {{ return(segmentloom.trim_blanks(segmentloom.json_raw_text('segmentloom_' ~ name, path))) }}
{%- endmacro %}

{# A mapping for `json_object_text` from keys to what lies at paths of a parsed column. #}
{% macro parsed_entries(name, wanted) -%}
    {%- set entries = {} -%}
    {%- for key, path in wanted.items() -%}
        {%- do entries.update({key: segmentloom.json_text_at('segmentloom_' ~ name, [path] if path is string else path)}) -%}
    {%- endfor -%}
    {{ return(entries) }}
{%- endmacro %}
