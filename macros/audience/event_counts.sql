{# The distinct things to count among a definition's event conditions: event_key(condition) -> {column, condition}.
   Conditions that differ only in their threshold share a column. #}
{% macro event_counts(definition) -%}
    {%- set counts = {} -%}
    {%- for leaf in segmentloom.leaves(definition) if 'event' in leaf -%}
        {%- set key = segmentloom.event_key(leaf) -%}
        {%- if key not in counts -%}
            {%- do counts.update({key: {'column': 'events_' ~ (counts | length + 1), 'condition': leaf}}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(counts) }}
{%- endmacro %}
