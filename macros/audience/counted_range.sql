{# The events that any of the conditions can count, so that engines read no more than these. #}
{% macro counted_range(counts) -%}
    {%- set names = [] -%}
    {%- set windows = [] -%}
    {%- for count in counts.values() -%}
        {%- set name = segmentloom.literal(count.condition['event']) -%}
        {%- if name not in names -%} {%- do names.append(name) -%} {%- endif -%}
        {%- do windows.append(count.condition.get('within_hours')) -%}
    {%- endfor %}
        event in ({{ names | join(', ') }})
        and occurred_at <= {{ segmentloom.as_of() }}
    {%- if none not in windows %}
        and occurred_at > {{ segmentloom.timestamp_minus_hours(segmentloom.as_of(), windows | max) }}
    {%- endif %}
{%- endmacro %}
