{#-
    CTEs of `profile_history`, ending with `parted`: parts of former profiles that are elsewhere now, each with the
    link that held it and no longer does, and why.
-#}
{% macro profile_splits(step, scratch) -%}
parts as (

    select distinct
        moves.former_profile_id,
        heirs.profile_id as surviving_profile_id,
        moves.profile_id as absorbed_profile_id

    from moves
    inner join heirs on heirs.former_profile_id = moves.former_profile_id

    where moves.profile_id <> heirs.profile_id

),

torn as (

    {{ segmentloom.torn_links('moves') }}

),

held as (

    select
        parts.*,
        torn.identifier_key,
        torn.other_key,
        torn.identifier_type,
        torn.identifier_value,
        torn.other_type,
        torn.other_value

    from parts
    left join torn
        on
            torn.former_profile_id = parts.former_profile_id
            and parts.absorbed_profile_id in (torn.one_profile_id, torn.other_profile_id)

    where true

    qualify row_number() over (
        partition by parts.former_profile_id, parts.absorbed_profile_id
        order by torn.age
    ) = 1

),

{# A refusal has the ends of its link as the rule sees them. -#}
refusing as (

    select identifier_key, other_key, min(rule) as rule

    from (
        select identifier_key, other_key, rule from {{ scratch.relations['refusals'] }} as refusals
        union all
        select other_key as identifier_key, identifier_key as other_key, rule from {{ scratch.relations['refusals'] }} as refusals
    ) as refused

    group by identifier_key, other_key

),

parted as (

    select
        'split' as kind,
        held.surviving_profile_id,
        held.absorbed_profile_id,
        held.former_profile_id,
        held.identifier_type,
        held.identifier_value,
        held.other_type,
        held.other_value,
        events.source_id,
        events.event_id,
        case
            when suppressed.identifier_key is not null then 'unmerge'
            else coalesce(refusing.rule, 'retracted')
        end as rule,
        suppressed.reason,
        suppressed.requested_by

    from held
    left join {{ ref('int_segmentloom__suppressed_links') }} as suppressed
        on
            suppressed.identifier_key = held.identifier_key
            and suppressed.other_key = held.other_key
    left join refusing
        on
            refusing.identifier_key = held.identifier_key
            and refusing.other_key = held.other_key
    left join (
        {{ segmentloom.all_links(
            ref('int_segmentloom__event_links'),
            scratch.relations['alias_links'],
            'identifier_key in (select identifier_key from ' ~ scratch.relations['touched'] ~ ')',
        ) }}
    ) as events
        on
            events.identifier_key = held.identifier_key
            and events.other_key = held.other_key

)
{%- endmacro %}
