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

    {{ segmentloom.shown_pairs('identified') }}

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

    from pairs

    where true

    qualify row_number() over (
        partition by identifier_type, identifier_value, other_type, other_value{{ ', is_new' if step.has_retractions }}
        order by occurred_at, source_id, event_id
    ) = 1

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
final as (

    select keyed.*

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

    where
        {{ 'reopened.identifier_key is not null or' if step.has_retractions }} (
            keyed.is_new
            and (
                known.identifier_key is null
                or {{ segmentloom.comes_before('keyed', 'known', ['first_seen_at', 'source_id', 'event_id']) }}
            )
        )

    qualify row_number() over (
        partition by keyed.identifier_key, keyed.other_key
        order by keyed.first_seen_at, keyed.source_id, keyed.event_id
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
