{# The JSON text of properties, traits or context of an event from a custom source; an empty object when there is none. #}
{% macro source_object(source, name) -%}
    {%- set mapped = source.get('columns', {}).get(name, {}) -%}
    {%- if mapped is not mapping -%}
        {{ return("coalesce(" ~ segmentloom.json_to_text(segmentloom.json_object(mapped)) ~ ", '{}')") }}
    {%- endif -%}
    {%- set entries = {} -%}
    {%- for key, column in mapped.items() -%}
        {%- do entries.update({key: segmentloom.json_to_text(column)}) -%}
    {%- endfor -%}
    {%- for key, value in source.get('constants', {}).get(name, {}).items() -%}
        {%- do entries.update({key: segmentloom.literal(tojson(value))}) -%}
    {%- endfor -%}
    {{ return(segmentloom.json_object_text(entries)) }}
{%- endmacro %}
