{# What a condition asks of the events of a profile, as an aggregate over `events` as of a time; see `event_findings`. #}
{% macro event_measure(leaf, at) -%}
    {%- set counted = segmentloom.counted_event(leaf, at) | trim -%}
    {%- if 'distinct_days' in leaf -%}
        count(distinct case when {{ counted }} then {{ segmentloom.local_day('occurred_at', segmentloom.time_zone(leaf)) }} end)
    {%- elif 'occurrence' in leaf -%}
        {%- if leaf['occurrence'] not in ['first', 'last'] -%}
            {{ exceptions.raise_compiler_error('segmentloom: an occurrence is first or last') }}
        {%- endif -%}
        count(case when {{ counted }} and place_from_{{ leaf['occurrence'] }} = 1 then 1 end)
    {%- elif 'aggregate' in leaf -%}
        {%- set function = leaf['aggregate']['function'] -%}
        {%- if function not in ['sum', 'min', 'max', 'avg'] -%}
            {{ exceptions.raise_compiler_error('segmentloom: an aggregate is one of sum, min, max, avg') }}
        {%- endif -%}
        {{ 'sum' if function == 'avg' else function }}(case when {{ counted }} then {{ segmentloom.measured_value(leaf['aggregate']) | trim }} end)
    {%- else -%}
        count(case when {{ counted }} then 1 end)
    {%- endif -%}
{%- endmacro %}


{# How many numbers there are in an average. #}
{% macro event_numbers(leaf, at) -%}
    count(case when {{ segmentloom.counted_event(leaf, at) | trim }} then {{ segmentloom.measured_value(leaf['aggregate']) | trim }} end)
{%- endmacro %}


{# The value of an event that an aggregate is over; null when there is none. #}
{% macro measured_value(aggregate) -%}
    {%- if aggregate['function'] in ['sum', 'avg'] -%} {{ segmentloom.json_decimal('properties', aggregate['property']) }}
    {%- elif segmentloom.compares_times(aggregate) -%}
        {{ segmentloom.text_to_timestamp(segmentloom.json_raw_text('properties', aggregate['property'])) }}
    {%- else -%} {{ segmentloom.json_number('properties', aggregate['property']) }}
    {%- endif -%}
{%- endmacro %}
