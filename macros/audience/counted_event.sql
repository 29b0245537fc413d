{# Whether an event is one that a condition counts, in a window that ends at `at`: name, window and properties. Null counts as no. #}
{% macro counted_event(leaf, at) -%}
    {%- set start = segmentloom.window_start(leaf, at) -%}
    {{ segmentloom.matching_event(leaf) | trim }}
    {%- if start is not none %}
            and occurred_at > {{ start }}
    {%- endif %}
{%- endmacro %}


{# Whether an event is one that a condition, or a step of a sequence, names: name and properties. #}
{% macro matching_event(leaf) -%}
    event = {{ segmentloom.literal(leaf['event']) }}
    {%- for filter in leaf.get('where', []) %}
            and {{ segmentloom.compare('properties', filter['property'], filter) | trim }}
    {%- endfor %}
{%- endmacro %}
