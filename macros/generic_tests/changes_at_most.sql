{# Fails when more of an audience's members enter, or leave, than so many per cent of those last published.
   Nothing to compare with, as of an audience without published members, passes. #}
{% test changes_at_most(model, audience, percent) %}

{%- set membership = ref('segmentloom__audience_membership') -%}
{%- if execute and not load_relation(membership) %}

select audience from (select 'never published' as audience) as nothing where false

{%- else %}

with

published as (

    select profile_id

    from {{ membership }}

    where audience = {{ segmentloom.literal(audience) }}

),

counts as (

    select
        count(published.profile_id) as former,
        count(case when published.profile_id is null then 1 end) as entering,
        count(case when members.profile_id is null then 1 end) as leaving

    from {{ model }} as members
    full outer join published
        on members.profile_id = published.profile_id

)

select *

from counts

where
    former > 0
    and (
        100.0 * entering > former * {{ segmentloom.literal(percent) }}
        or 100.0 * leaving > former * {{ segmentloom.literal(percent) }}
    )

{%- endif %}

{% endtest %}
