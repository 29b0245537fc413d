{# Whether an event lies in a condition's window that ends at a time, given as ISO text. #}
{% macro in_window(leaf, at) -%}
    {%- set start = segmentloom.window_start_text(leaf, at) -%}
    occurred_at <= {{ segmentloom.timestamp_literal(at) }}
    {%- if start %} and occurred_at > {{ segmentloom.timestamp_literal(start) }}{% endif %}
{%- endmacro %}
