{# How many profiles an audience has (members) and each of its leaf conditions alone (leaf_1, leaf_2, ... in the definition's order), in one row. #}
{% macro audience_preview(definition) -%}
    {%- set counts = segmentloom.event_counts(definition) -%}
with

{{ segmentloom.audience_inputs(definition, counts) }}

final as (

    select
        count(case when {{ segmentloom.membership_condition(definition, counts) | trim }} then 1 end) as members
        {%- for leaf in segmentloom.definition_leaves(definition) %},
        count(case when {{ segmentloom.condition(leaf, counts) | trim }} then 1 end) as leaf_{{ loop.index }}
        {%- endfor %}

    from profiles
    {{- segmentloom.audience_joins(definition, counts) }}

)

select * from final
{%- endmacro %}
