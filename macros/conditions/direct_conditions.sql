{# The conditions that no count answers, for every profile, by a pass over the events. #}
{% macro direct_conditions(plan) -%}
    {%- set leaves = [] -%}
    {%- for column in plan.direct -%}{%- do leaves.append(plan.leaves[column]) -%}{%- endfor -%}
    {%- set definition = {'match': {'all': leaves}} -%}
    {%- set findings = segmentloom.event_findings(definition) -%}
with

{{ segmentloom.audience_inputs(definition, findings) }}

final as (

    select
        profiles.profile_id
        {%- for column in plan.direct %},
        {{ segmentloom.condition(plan.leaves[column], findings) | trim }} as {{ column }}
        {%- endfor %}

    from profiles
    {{- segmentloom.audience_joins(definition, findings) }}

)

select * from final
{%- endmacro %}
