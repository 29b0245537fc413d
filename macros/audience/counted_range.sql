{# The events that any of the conditions can count at a time, so that engines read no more than these. #}
{% macro counted_range(findings, at) -%}
    {%- set names = [] -%}
    {%- set starts = [] -%}
    {%- for finding in findings.values() -%}
        {%- for step in finding.leaf.get('sequence', [finding.leaf]) -%}
            {%- do names.append(segmentloom.literal(step['event'])) -%}
        {%- endfor -%}
        {#- The first event ever, or the last, may lie before the window. -#}
        {%- do starts.append(none if 'occurrence' in finding.leaf else segmentloom.window_start(finding.leaf, at)) -%}
    {%- endfor %}
        event in ({{ names | unique(case_sensitive=true) | join(', ') }})
        and occurred_at <= {{ segmentloom.timestamp_literal(at) }}
    {%- if none not in starts %}
        and occurred_at > {{ starts | min }}
    {%- endif %}
{%- endmacro %}
