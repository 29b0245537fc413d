{#-
    The windows of some conditions, each once: text that says which -> a condition that has it. Conditions are many, windows few,
    and to work out when one begins is slow.
-#}
{% macro distinct_windows(leaves) -%}
    {%- set found = {} -%}
    {%- for leaf in leaves -%}{%- do found.update({segmentloom.window_name(leaf): leaf}) -%}{%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The same, each with the number that the column has which says whether an event is in it: text -> {number, leaf}. #}
{% macro numbered_windows(leaves) -%}
    {%- set found = {} -%}
    {%- for name, leaf in segmentloom.distinct_windows(leaves).items() -%}
        {%- do found.update({name: {'number': loop.index, 'leaf': leaf}}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro window_name(leaf) -%}
    {{ return([leaf.get('within_hours'), leaf.get('within_calendar_days'), leaf.get('time_zone')] | join(' ')) }}
{%- endmacro %}
