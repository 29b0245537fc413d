{#-
    One row per owner of events and thing that they say of the person: the latest value. Kept by owner, not by profile,
    so that merges and splits leave it as it is.
-#}
{{ config(materialized='keyed_state', meta={'key': ['owner_key'], 'retracted': 'owners'}) }}
{%- set step = segmentloom.fold_step() -%}
{%- set on_event = ['owner_key', 'source_id', 'event_id', 'occurred_at', 'batch'] %}

{{ segmentloom.write_step(step) }}

with

events as (

    {{ segmentloom.events_to_fold(step, ref('segmentloom__events')) }}

),

owned as (

    select * from events

    where
        owner_key is not null
        {%- if step.has_retractions %}
        and (is_new or owner_key in ({{ segmentloom.retracted_keys('owners', step) }}))
        {%- endif %}

),

statements as (

    {{ segmentloom.event_statements('owned', on_event) }}

),

attributes as (

    {% for column in ['traits', 'context_traits'] -%}
    select
        owner_key,
        'trait' as attribute_kind,
        entry_key as attribute_name,
        entry_value as attribute_value,
        occurred_at,
        source_id,
        event_id,
        {{ loop.index }} as rank_on_event,
        batch

    from ({{ segmentloom.json_entries('statements', column, on_event) }}) as {{ column }}_entries

    union all

    {% endfor -%}
    {% for name in segmentloom.consents() -%}
    select
        owner_key,
        'consent' as attribute_kind,
        '{{ name }}' as attribute_name,
        {{ name }} as attribute_value,
        occurred_at,
        source_id,
        event_id,
        1 as rank_on_event,
        batch

    from statements

    where {{ name }} is not null

    union all

    {% endfor -%}
    select
        owner_key,
        'phone' as attribute_kind,
        'phone' as attribute_name,
        phone as attribute_value,
        occurred_at,
        source_id,
        event_id,
        1 as rank_on_event,
        batch

    from statements
    left join {{ ref('int_segmentloom__blocked_identifiers') }} as blocked
        on
            blocked.identifier_type = 'phone'
            and blocked.identifier_value = lower(statements.phone)

    where
        phone is not null
        and blocked.identifier_value is null
    {%- if not step.is_full %}

    union all

    select * from {{ this }}

    where
        owner_key in (select owner_key from statements)
        {%- if step.has_retractions %}
        and owner_key not in ({{ segmentloom.retracted_keys('owners', step) }})
        {%- endif %}
    {%- endif %}

),

final as (

    select *

    from attributes

    where true

    qualify row_number() over (
        partition by owner_key, attribute_kind, attribute_name
        order by {{ segmentloom.attribute_order() }}
    ) = 1

)

select * from final
