{# The events that any of the conditions can count, so that engines read no more than these. #}
{% macro counted_range(counts) -%}
    {%- set names = [] -%}
    {%- set starts = [] -%}
    {%- for count in counts.values() -%}
        {%- for step in count.leaf.get('sequence', [count.leaf]) -%}
            {%- do names.append(segmentloom.literal(step['event'])) -%}
        {%- endfor -%}
        {#- The first event ever, or the last, may lie before the window. -#}
        {%- do starts.append(none if 'occurrence' in count.leaf else segmentloom.window_start(count.leaf, segmentloom.as_of_text())) -%}
    {%- endfor %}
        event in ({{ names | unique(case_sensitive=true) | join(', ') }})
        and occurred_at <= {{ segmentloom.as_of() }}
    {%- if none not in starts %}
        and occurred_at > {{ starts | min }}
    {%- endif %}
{%- endmacro %}
