{# Several conditions joined by `and` or `or`. #}
{% macro condition_group(conditions, operator, findings) -%}
    {%- if not conditions -%}
        {{ exceptions.raise_compiler_error('segmentloom: a group of conditions is empty') }}
    {%- endif -%}
    (
    {%- for condition in conditions -%}
        {{ ' ' ~ operator ~ ' ' if not loop.first }}{{ segmentloom.condition(condition, findings) | trim }}
    {%- endfor -%}
    )
{%- endmacro %}
