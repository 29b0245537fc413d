{# The import CTEs of an audience, and the one pass over the events that all of its event conditions share. #}
{% macro audience_inputs(definition, counts) -%}
profiles as (

    select * from {{ ref('segmentloom__profiles') }}

),
{%- for name in segmentloom.used_audiences(definition) %}

members_of_{{ name }} as (

    select profile_id from {{ ref('audience_' ~ name) }}

),
{%- endfor %}
{%- if counts %}

events as (

    select
        *
        {%- if counts.values() | selectattr('leaf.occurrence', 'defined') | list %},
        row_number() over (
            partition by profile_id, event order by occurred_at, source_id, event_id
        ) as place_from_first,
        row_number() over (
            partition by profile_id, event order by occurred_at desc, source_id desc, event_id desc
        ) as place_from_last
        {%- endif %}

    from {{ ref('int_segmentloom__profile_events') }}

    where {{ segmentloom.counted_range(counts) | trim }}

),
{%- endif %}
{%- set measures = counts.values() | rejectattr('leaf.sequence', 'defined') | list %}
{%- if measures %}

event_counts as (

    select
        profile_id
        {%- for count in measures %},
        {{ segmentloom.event_measure(count.leaf) | trim }} as {{ count.column }}
        {%- if count.numbers is defined %},
        {{ segmentloom.event_numbers(count.leaf) | trim }} as {{ count.column }}_numbers
        {%- endif %}
        {%- endfor %}

    from events

    group by 1

),
{%- endif %}
{%- for count in counts.values() if 'sequence' in count.leaf %}

{{ count.column }} as (

    {{ segmentloom.sequence_profiles(count.leaf, 'events', segmentloom.as_of_text()) | trim }}

),
{%- endfor %}
{%- endmacro %}
