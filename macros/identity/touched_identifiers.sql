{#-
    The identifiers that are stitched anew: all of the former profiles that something touches, and those without one.
    Beside what events show of them now (nothing of one that is gone), what the map says of them so far, and their age
    among the touched, 1 for the oldest.

    scratch    has `aliases`, and in a step that is not full `changed` and `refusals`
    identity_map, refused_links   the state so far
-#}
{% macro touched_identifiers(step, scratch, identity_map, refused_links) -%}
    {%- set aliases = scratch.relations['aliases'] -%}
with

{% if not step.is_full -%}
flipped as (

    {{ segmentloom.flipped_refusals(scratch, refused_links) }}

),

seeds as (

    select identifier_key from {{ scratch.relations['changed'] }}
    union distinct
    select identifier_key from flipped
    union distinct
    select other_key as identifier_key from flipped

),

former as (

    select * from {{ identity_map }}

    where component_key in (
        select component_key from {{ identity_map }} where identifier_key in (select identifier_key from seeds)
    )

),

touched_keys as (

    select identifier_key from seeds
    union distinct
    select identifier_key from former

),
{%- else -%}
former as (

    select * from {{ identity_map }}

),
{%- endif %}

present as (

    {{ segmentloom.current_identifiers(aliases, none if step.is_full else 'select identifier_key from touched_keys') }}

),

final as (

    select
        coalesce(present.identifier_key, former.identifier_key) as identifier_key,
        coalesce(present.identifier_type, former.identifier_type) as identifier_type,
        coalesce(present.identifier_value, former.identifier_value) as identifier_value,
        present.first_seen_at,
        present.last_seen_at,
        present.event_count,
        present.owned_event_count,
        present.gpc_event_count,
        present.identifier_key is null as is_gone,
        former.profile_id as former_profile_id,
        former.component_key as former_component_key,
        former.cause_identifier_key as former_cause_identifier_key,
        former.cause_other_key as former_cause_other_key

    from present
    full outer join former on former.identifier_key = present.identifier_key

)

select
    *,
    row_number() over (
        order by case when is_gone then 1 else 0 end, first_seen_at, identifier_type, identifier_value
    ) as age

from final
{%- endmacro %}
