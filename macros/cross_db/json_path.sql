{# A list of keys as the engine's path into a JSON column, as an SQL literal. Keys reach into objects only, never into arrays. #}
{% macro json_path(path) -%}
    {%- for key in path if key is not string or key == '' or key | replace('*', '') == '' or '"' in key or '\\' in key -%}
        {{ exceptions.raise_compiler_error('segmentloom: a path is a list of keys without quotes, backslashes or lone stars') }}
    {%- endfor -%}
    {{ return(adapter.dispatch('json_path', 'segmentloom')(path)) }}
{%- endmacro %}

{% macro default__json_path(path) -%}
    {{ segmentloom.literal('$."' ~ path | join('"."') ~ '"') }}
{%- endmacro %}
