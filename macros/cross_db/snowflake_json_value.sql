{#-
    A VARIANT at a path: keys in brackets match exactly, whatever they hold. Plain keys with a $, as products name their own,
    go through the path's own text, which emulators read as well; a quote or a backslash would mean something there.
-#}
{% macro snowflake_json_value(column, path) -%}
    {%- set keys = path | join -%}
    {%- if '$' in keys and modules.re.match('^[$A-Za-z0-9_ .:-]+\\Z', keys) -%}
        {{ return('get_path(' ~ column ~ ', ' ~ segmentloom.literal('["' ~ path | join('"]["') ~ '"]') ~ ')') }}
    {%- endif -%}
    {{ column }}{% for key in path %}[{{ segmentloom.literal(key) }}]{% endfor %}
{%- endmacro %}
