{# What a condition finds out about events, its threshold left out. #}
{% macro event_key(leaf) -%}
    {%- set aggregate = leaf.get('aggregate', {}) -%}
    {{ return(tojson([
        leaf.get('event'), leaf.get('sequence'), leaf.get('steps_within_hours'), 'distinct_days' in leaf, leaf.get('occurrence'),
        aggregate.get('function'), aggregate.get('property'), segmentloom.compares_times(aggregate), leaf.get('time_zone'),
        leaf.get('within_hours'), leaf.get('within_calendar_days'), leaf.get('where'),
    ])) }}
{%- endmacro %}
