{# The CTEs of an audience up to `judged`: for each profile whether it is a member (is_member), and which leaf conditions
   hold (leaf_1, leaf_2, ..., those of exclude last), whether it is held out (is_held_out) and which definitions that come
   first take it (outranked_1, ...). Each is worked out once, however often figures ask for it. #}
{% macro judged_profiles(definition) -%}
    {%- set findings = segmentloom.event_findings(definition) -%}
{{ segmentloom.audience_inputs(definition, findings) }}

judged as (

    select
        profiles.profile_id,
        {{ segmentloom.membership_condition(definition, findings) | trim }} as is_member
        {%- for leaf in segmentloom.definition_leaves(definition) %},
        {{ segmentloom.condition(leaf, findings) | trim }} as leaf_{{ loop.index }}
        {%- endfor %}
        {%- if 'holdout' in definition %},
        {{ segmentloom.held_out(definition['holdout']) | trim }} as is_held_out
        {%- endif %}
        {%- for first in definition.get('outranked_by', []) %},
        {{ segmentloom.taken_condition(first, findings) | trim }} as outranked_{{ loop.index }}
        {%- endfor %}

    from profiles
    {{- segmentloom.audience_joins(definition, findings) }}

)
{%- endmacro %}
