{#-
    The profiles that did one step after another, each strictly later than the one before: profile_id, is_found (1).

    One row per profile and time; then step by step, for each time, the latest start of a chain that ends there. It is the
    latest of those at earlier times, so each step costs a running maximum, not a join.

    events: a relation with profile_id, event, occurred_at and properties, up to `at`.
-#}
{% macro sequence_profiles(leaf, events, at) -%}
    {%- set steps = leaf['sequence'] -%}
    {%- if not 2 <= steps | length <= 5 -%}
        {{ exceptions.raise_compiler_error('segmentloom: a sequence has two to five steps') }}
    {%- endif -%}
    {%- set start = segmentloom.window_start(leaf, at) -%}
    {%- set chain = namespace(sql=segmentloom.sequence_times(steps, events, start) | trim) -%}
    {%- for step in steps[1:] -%}
        {%- set number = loop.index + 1 -%}
        {%- set chain.sql -%}
select
    *,
    case
        when is_step_{{ number }} = 1
            then max(start_{{ number - 1 }}) over (
                partition by profile_id order by occurred_at rows between unbounded preceding and 1 preceding
            )
    end as start_{{ number }}
from (
{{ chain.sql }}
) as times_{{ number - 1 }}
        {%- endset -%}
    {%- endfor -%}
{%- set last = 'start_' ~ steps | length -%}
select
    profile_id,
    1 as is_found
from (
{{ chain.sql }}
) as times
where
    {{ last }} is not null
    {%- if 'steps_within_hours' in leaf %}
    and {{ last }} >= {{ segmentloom.timestamp_minus_hours('occurred_at', leaf['steps_within_hours']) }}
    {%- endif %}
group by 1
{%- endmacro %}


{# Which steps happened at each time of a profile. A chain of the first step alone starts when it ends. #}
{% macro sequence_times(steps, events, start) -%}
select
    profile_id,
    occurred_at,
    max(case when {{ segmentloom.matching_event(steps[0]) | trim }} then occurred_at end) as start_1
    {%- for step in steps[1:] %},
    max(case when {{ segmentloom.matching_event(step) | trim }} then 1 end) as is_step_{{ loop.index + 1 }}
    {%- endfor %}
from {{ events }}
where
    event in ({% for step in steps %}{{ segmentloom.literal(step['event']) }}{{ ', ' if not loop.last }}{% endfor %})
    {%- if start is not none %}
    and occurred_at > {{ start }}
    {%- endif %}
group by 1, 2
{%- endmacro %}
