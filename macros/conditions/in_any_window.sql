{# Whether an event lies in the window of any of some conditions. #}
{% macro in_any_window(leaves, at) -%}
    {%- set start = segmentloom.earliest_start(leaves, at) -%}
    occurred_at <= {{ segmentloom.timestamp_literal(at) }}
    {%- if start %} and occurred_at > {{ segmentloom.timestamp_literal(start) }}{% endif %}
{%- endmacro %}

{# The moment after which the first of those windows begins, as ISO text; none where one has no beginning. #}
{% macro earliest_start(leaves, at) -%}
    {%- set starts = [] -%}
    {%- for leaf in segmentloom.distinct_windows(leaves).values() -%}
        {%- do starts.append(segmentloom.window_start_text(leaf, at)) -%}
    {%- endfor -%}
    {{ return(none if none in starts else starts | min) }}
{%- endmacro %}
