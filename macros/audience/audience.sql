{# The members of an audience: profile_id, evaluated_at.
   `definition` is an audience file in the form that `segmentloom-sync compile` writes; see docs/audiences.md. #}
{% macro audience(definition) -%}
    {%- set counts = segmentloom.event_counts(definition) -%}
    {%- set condition = segmentloom.membership_condition(definition, counts) | trim -%}
with

{{ segmentloom.audience_inputs(definition, counts) }}

final as (

    select
        profiles.profile_id,
        {{ segmentloom.as_of() }} as evaluated_at

    from profiles
    {{- segmentloom.audience_joins(definition, counts) }}

    where {{ condition }}

)

select * from final
{%- endmacro %}
