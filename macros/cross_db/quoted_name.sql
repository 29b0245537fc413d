{# A name as the engine stores it, quoted. #}
{% macro quoted_name(name) -%}
    {{ return(adapter.dispatch('quoted_name', 'segmentloom')(name)) }}
{%- endmacro %}

{% macro default__quoted_name(name) -%}
    {{ return('"' ~ name | replace('"', '""') ~ '"') }}
{%- endmacro %}

{% macro bigquery__quoted_name(name) -%}
    {{ return('`' ~ name ~ '`') }}
{%- endmacro %}

{# Database, schema and table. #}
{% macro quoted_path(names) -%}
    {%- set quoted = [] -%}
    {%- for name in names -%}{%- do quoted.append(segmentloom.quoted_name(name)) -%}{%- endfor -%}
    {{ return(quoted | join('.')) }}
{%- endmacro %}
