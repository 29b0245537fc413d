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

    select * from {{ ref('int_segmentloom__profile_events') }}

),

event_counts as (

    select
        profile_id
        {%- for count in counts.values() %},
        count(case when {{ segmentloom.counted_event(count.condition) | trim }} then 1 end) as {{ count.column }}
        {%- endfor %}

    from events

    where {{ segmentloom.counted_range(counts) | trim }}

    group by 1

),
{%- endif %}
{%- endmacro %}
