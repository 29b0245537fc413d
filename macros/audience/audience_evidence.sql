{#-
    The events behind the leaf conditions of a definition, newest first: leaf (its number), step (of a sequence, else 1), place,
    event_count (how many there are in all), source_id, event_id, event, occurred_at, properties.

    Of an occurrence it is that one event, whether it passes or not. Of a sequence there are more, for finding a chain.
-#}
{% macro audience_evidence(definition, most, most_of_sequences) -%}
    {%- set parts = [] -%}
    {%- for leaf in segmentloom.definition_leaves(definition) -%}
        {%- set number = loop.index -%}
        {%- for step in leaf.get('sequence', [leaf] if 'event' in leaf else []) -%}
            {%- do parts.append({'leaf': number, 'step': loop.index, 'event': segmentloom.event_of_step(leaf, step)}) -%}
        {%- endfor -%}
    {%- endfor -%}
with

events as (

    select *
    from {{ ref('int_segmentloom__profile_events') }}
    where occurred_at <= {{ segmentloom.as_of() }}

){% for part in parts %},

part_{{ loop.index }} as (

    select
        {{ part.leaf }} as leaf,
        {{ part.step }} as step,
        row_number() over (
            order by
            {%- for column in ['occurred_at', 'source_id', 'event_id'] %}
                {{ column }}{{ ' desc' if part.event.get('occurrence') != 'first' }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) as place,
        count(*) over () as event_count,
        source_id,
        event_id,
        event,
        occurred_at,
        properties

    from events

    where {{ segmentloom.counted_event(part.event, segmentloom.as_of_text()) | trim }}

){% endfor %}

{% for part in parts %}
{{- 'union all\n' if not loop.first -}}
select * from part_{{ loop.index }}
where place <= {{ 1 if 'occurrence' in part.event else most_of_sequences if part.event.is_step else most }}
{% endfor -%}
order by leaf, step, place
{%- endmacro %}


{# The event condition that a step of a sequence stands for, and that of an occurrence before it is tested. #}
{% macro event_of_step(leaf, step) -%}
    {%- if 'occurrence' in leaf -%}
        {{ return({'event': leaf['event'], 'occurrence': leaf['occurrence']}) }}
    {%- endif -%}
    {%- set event = {'event': step['event'], 'where': step.get('where', []), 'is_step': 'sequence' in leaf} -%}
    {%- for key in ['within_hours', 'within_calendar_days', 'time_zone'] if key in leaf -%}
        {%- do event.update({key: leaf[key]}) -%}
    {%- endfor -%}
    {{ return(event) }}
{%- endmacro %}
