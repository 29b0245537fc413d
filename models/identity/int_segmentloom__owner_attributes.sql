{#-
    One row per owner of events and thing that they say of the person: the latest value. Kept by owner, not by profile,
    so that merges and splits leave it as it is.
-#}
{{
    config(
        materialized='keyed_state',
        meta={'key': ['owner_key'], 'retracted': 'owners', 'rules': segmentloom.default_phone_region()},
    )
}}
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

    {{ segmentloom.stated_attributes('statements', on_event) }}
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
