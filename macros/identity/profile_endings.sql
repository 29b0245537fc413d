{#-
    CTEs of `profile_history`, ending with `ended`: former profiles that are no longer ones of their own, each with the
    link that joined it to something older. `moves` has the touched identifiers with their profiles before and after.
-#}
{% macro profile_endings(scratch) -%}
{#- Where a former profile goes on: with its oldest identifier, or when that is gone the oldest that is left. -#}
heirs as (

    select * from moves

    where
        former_profile_id is not null
        and not is_gone

    qualify row_number() over (
        partition by former_profile_id
        order by case when identifier_key = former_component_key then 0 else 1 end, age
    ) = 1

),

renames as (

    select former_profile_id from heirs

    where profile_id not in (select former_profile_id from moves where former_profile_id is not null)

    qualify row_number() over (partition by profile_id order by age) = 1

),

crossings as (

    {{ segmentloom.profile_crossings('moves', scratch.relations['links']) }}

),

{#- The heir's own link where it leads out of the former profile, else the earliest that leads out of what went with it. -#}
exits as (

    select crossings.*

    from crossings
    inner join heirs
        on
            heirs.former_profile_id = crossings.former_profile_id
            and heirs.profile_id = crossings.profile_id

    where true

    qualify row_number() over (
        partition by crossings.former_profile_id
        order by case when crossings.causes_key = heirs.identifier_key then 0 else 1 end, crossings.place
    ) = 1

),

ended as (

    select
        case when renames.former_profile_id is null then 'merge' else 'rename' end as kind,
        heirs.profile_id as surviving_profile_id,
        heirs.former_profile_id as absorbed_profile_id,
        heirs.former_profile_id,
        exits.identifier_key,
        exits.other_key,
        exits.identifier_type,
        exits.identifier_value,
        exits.other_type,
        exits.other_value,
        exits.source_id,
        exits.event_id,
        case when renames.former_profile_id is null then exits.rule else 'older_identifier' end as rule

    from heirs
    left join renames on renames.former_profile_id = heirs.former_profile_id
    left join exits on exits.former_profile_id = heirs.former_profile_id

    where heirs.profile_id <> heirs.former_profile_id

)
{%- endmacro %}
