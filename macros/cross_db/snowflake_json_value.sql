{# A VARIANT at a path: keys in brackets match exactly, whatever they hold. A key with a $ goes through the path's own text, which emulators can read. #}
{% macro snowflake_json_value(column, path) -%}
    {%- if '$' in path | join -%}
        {{ return('get_path(' ~ column ~ ', ' ~ segmentloom.literal('["' ~ path | join('"]["') ~ '"]') ~ ')') }}
    {%- endif -%}
    {{ column }}{% for key in path %}[{{ segmentloom.literal(key) }}]{% endfor %}
{%- endmacro %}
