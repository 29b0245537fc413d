{#- One row per identifier, with the events that carry it. -#}
{{ config(materialized='keyed_state', meta={'key': ['identifier_key'], 'retracted': 'identifiers'}) }}
{%- set step = segmentloom.fold_step() %}

{{ segmentloom.write_step(step) }}

with

events as (

    {{ segmentloom.events_to_fold(step, ref('segmentloom__events')) }}

),

identified as (

    select
        *,
        case when lower({{ segmentloom.json_raw_text('context', ['gpc']) }}) = 'true' then 1 else 0 end as has_gpc

    from ({{ segmentloom.usable_identifiers('events') }}) as usable

),

seen as (

    {{ segmentloom.shown_identifiers('identified') }}

),

{% if step.has_retractions -%}
reopened as (

    {{ segmentloom.retracted_keys('identifiers', step) }}

),

{% endif -%}
keyed as (

    select
        {{ segmentloom.graph_key('seen.identifier_type', 'seen.identifier_value') }} as identifier_key,
        seen.identifier_type,
        seen.identifier_value,
        min(seen.occurred_at) as first_seen_at,
        max(seen.occurred_at) as last_seen_at,
        count(*) as event_count,
        sum(seen.is_owned) as owned_event_count,
        sum(seen.has_gpc) as gpc_event_count

    from seen
    {%- if step.has_retractions %}
    left join reopened
        on
            reopened.identifier_type = seen.identifier_type
            and reopened.identifier_value = seen.identifier_value

    where
        seen.is_new
        or reopened.identifier_value is not null
    {%- endif %}

    group by seen.identifier_type, seen.identifier_value

),

final as (
{% if step.is_full %}
    select * from keyed
{% else %}
    select
        identifier_key,
        min(identifier_type) as identifier_type,
        min(identifier_value) as identifier_value,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        sum(event_count) as event_count,
        sum(owned_event_count) as owned_event_count,
        sum(gpc_event_count) as gpc_event_count

    from (
        select * from keyed

        union all

        select
            identifier_key,
            identifier_type,
            identifier_value,
            first_seen_at,
            last_seen_at,
            event_count,
            owned_event_count,
            gpc_event_count

        from {{ this }}

        where
            identifier_key in (select identifier_key from keyed)
            {{ 'and identifier_key not in (select identifier_key from reopened)' if step.has_retractions }}
    ) as known_and_new

    group by identifier_key
{% endif %}
)

select
    identifier_key,
    identifier_type,
    identifier_value,
    first_seen_at,
    last_seen_at,
    cast(event_count as {{ dbt.type_bigint() }}) as event_count,
    cast(owned_event_count as {{ dbt.type_bigint() }}) as owned_event_count,
    cast(gpc_event_count as {{ dbt.type_bigint() }}) as gpc_event_count,
    cast({{ step.to_batch }} as {{ dbt.type_bigint() }}) as batch

from final
