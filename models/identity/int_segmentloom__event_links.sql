{#-
    One row per pair of identifiers that one event showed together, with the earliest such event. The stronger type
    comes first. A step writes only pairs that are new, or that an earlier event shows.
-#}
{{
    config(
        materialized='keyed_state',
        meta={'key': ['identifier_key', 'other_key'], 'retracted': 'links'},
    )
}}
{%- set step = segmentloom.fold_step() %}

{{ segmentloom.write_step(step) }}

with

events as (

    {{ segmentloom.events_to_fold(step, ref('segmentloom__events')) }}

),

identified as (

    {{ segmentloom.usable_identifiers('events') }}

),

pairs as (

    {% for type, other in segmentloom.link_types() -%}
    {{ 'union all ' if not loop.first }}select
        '{{ type }}' as identifier_type,
        usable_{{ type }} as identifier_value,
        '{{ other }}' as other_type,
        usable_{{ other }} as other_value,
        occurred_at,
        source_id,
        event_id,
        is_new

    from identified

    where
        usable_{{ type }} is not null
        and usable_{{ other }} is not null

    {% endfor %}
),

earliest as (

    select *

    from pairs

    where true

    qualify row_number() over (
        partition by identifier_type, identifier_value, other_type, other_value{{ ', is_new' if step.has_retractions }}
        order by occurred_at, source_id, event_id
    ) = 1

),

keyed as (

    select
        {{ segmentloom.graph_key('identifier_type', 'identifier_value') }} as identifier_key,
        {{ segmentloom.graph_key('other_type', 'other_value') }} as other_key,
        identifier_type,
        identifier_value,
        other_type,
        other_value,
        occurred_at as first_seen_at,
        source_id,
        event_id,
        is_new

    from earliest

),
{% if step.is_full %}
final as (

    select * from keyed

)
{% else %}
{%- if step.has_retractions %}
reopened as (

    {{ segmentloom.retracted_keys('links', step) }}

),
{% endif %}
known as (

    select
        keyed.*,
        known.first_seen_at as known_first_seen_at,
        known.source_id as known_source_id,
        known.event_id as known_event_id,
        {{ 'reopened.identifier_key is not null' if step.has_retractions else 'false' }} as is_reopened

    from keyed
    left join {{ this }} as known
        on
            known.identifier_key = keyed.identifier_key
            and known.other_key = keyed.other_key
    {%- if step.has_retractions %}
    left join reopened
        on
            reopened.identifier_key = keyed.identifier_key
            and reopened.other_key = keyed.other_key
    {%- endif %}

),

final as (

    select *

    from known

    where
        is_reopened
        or (
            is_new
            and (
                known_first_seen_at is null
                or first_seen_at < known_first_seen_at
                or (
                    first_seen_at = known_first_seen_at
                    and (source_id < known_source_id or (source_id = known_source_id and event_id < known_event_id))
                )
            )
        )

    qualify row_number() over (
        partition by identifier_key, other_key
        order by first_seen_at, source_id, event_id
    ) = 1

)
{% endif %}
select
    identifier_key,
    other_key,
    identifier_type,
    identifier_value,
    other_type,
    other_value,
    first_seen_at,
    source_id,
    event_id,
    cast({{ step.to_batch }} as {{ dbt.type_bigint() }}) as batch

from final
