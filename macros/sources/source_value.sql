{# The SQL of one column of an event from a custom source; null when the source says nothing about it. #}
{% macro source_value(source, name) -%}
    {%- if name in source.get('columns', {}) -%}
        {{ return(source.columns[name] | string) }}
    {%- elif name in source.get('constants', {}) -%}
        {{ return(segmentloom.literal(source.constants[name] | string)) }}
    {%- endif -%}
    {{ return('cast(null as ' ~ dbt.type_string() ~ ')') }}
{%- endmacro %}
