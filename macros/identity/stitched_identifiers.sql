{#-
    The rows that the map gets: touched identifiers with their profile, that of the oldest of their component, and the
    link by which they came into it; in a step that is not full also identifiers of which only counts have changed.
-#}
{% macro stitched_identifiers(step, scratch, forest, identity_map) -%}
    {%- set touched = scratch.relations['touched'] -%}
    {%- set seen = ['first_seen_at', 'last_seen_at', 'event_count', 'owned_event_count', 'gpc_event_count'] -%}
with

members as (

    select
        touched.*,
        coalesce(forest.component, touched.age) as oldest_age,
        forest.cause

    from {{ touched }} as touched
    left join ({{ forest }}) as forest on forest.node = touched.age

    where not touched.is_gone

),

oldest as (

    select
        age,
        identifier_key,
        {{ segmentloom.profile_id('identifier_type', 'identifier_value') }} as profile_id

    from members

    where age = oldest_age

),

stitched as (

    select
        members.identifier_key,
        members.identifier_type,
        members.identifier_value,
        {%- for column in seen %}
        members.{{ column }},
        {%- endfor %}
        oldest.profile_id,
        oldest.identifier_key as component_key,
        links.identifier_key as cause_identifier_key,
        links.other_key as cause_other_key

    from members
    inner join oldest on oldest.age = members.oldest_age
    left join {{ scratch.relations['links'] }} as links on links.place = members.cause

)
{%- if not step.is_full %},

recounted as (

    {{ segmentloom.recounted_identifiers(step, scratch, identity_map, touched) }}

)
{%- endif %}

select *, cast({{ step.to_batch }} as {{ dbt.type_bigint() }}) as batch from stitched
{%- if not step.is_full %}
union all
select *, cast({{ step.to_batch }} as {{ dbt.type_bigint() }}) as batch from recounted
{%- endif %}
{%- endmacro %}

{# Identifiers with new events that nothing touched: their counts change, their profile stays. #}
{% macro recounted_identifiers(step, scratch, identity_map, touched=none) -%}
    {%- set keys -%}
        select identifier_key from {{ ref('int_segmentloom__sightings') }} as recent_sightings
        where batch > {{ step.from_batch }}
        {%- if touched %}
        and identifier_key not in (select identifier_key from {{ touched }})
        {%- endif %}
    {%- endset -%}
    select
        present.*,
        identity_map.profile_id,
        identity_map.component_key,
        identity_map.cause_identifier_key,
        identity_map.cause_other_key

    from ({{ segmentloom.current_identifiers(scratch.relations['aliases'], keys) }}) as present
    inner join {{ identity_map }} as identity_map on identity_map.identifier_key = present.identifier_key
{%- endmacro %}
