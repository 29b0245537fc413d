{#-
    The members of an audience: profile_id, evaluated_at. `definition` is an audience file in the form that
    `segmentloom-sync compile` writes; see docs/audiences.md. The definition goes into the model's meta, where
    `condition_plan` finds what all audiences ask: the model itself only reads the answers.
-#}
{% macro audience(definition) -%}
    {{ config(meta={'segmentloom_rule': definition}) }}
with

conditions as (

    select * from {{ ref('int_segmentloom__conditions') }}

),

evaluation as (

    select * from {{ ref('int_segmentloom__evaluation') }}

),
{%- for name in segmentloom.used_audiences(definition) %}

members_of_{{ name }} as (

    select profile_id from {{ ref('audience_' ~ name) }}

),
{%- endfor %}

final as (

    select
        profiles.profile_id,
        evaluation.as_of as evaluated_at

    from conditions as profiles
    cross join evaluation
    {%- for name in segmentloom.used_audiences(definition) %}
    left join members_of_{{ name }} on members_of_{{ name }}.profile_id = profiles.profile_id
    {%- endfor %}

    where {{ segmentloom.membership_condition(definition) | trim }}

)

select * from final
{%- endmacro %}
