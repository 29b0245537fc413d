{# The conditions that no count answers, for every profile, by a pass over the events. #}
{% macro direct_conditions(plan) -%}
    {%- set leaves = [] -%}
    {%- for column in plan.direct -%}{%- do leaves.append(plan.leaves[column]) -%}{%- endfor -%}
    {%- set definition = {'match': {'all': leaves}} -%}
    {%- set counts = segmentloom.event_counts(definition) -%}
with

{{ segmentloom.audience_inputs(definition, counts) }}

final as (

    select
        profiles.profile_id
        {%- for column in plan.direct %},
        {{ segmentloom.condition(plan.leaves[column], counts) | trim }} as {{ column }}
        {%- endfor %}

    from profiles
    {{- segmentloom.audience_joins(definition, counts) }}

)

select * from final
{%- endmacro %}
