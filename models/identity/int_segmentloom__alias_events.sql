{#- One row per alias event that names a previous_id, with its usable user_id. -#}
{{ config(materialized='keyed_state', meta={'key': ['source_id', 'event_id'], 'retracted': 'events'}) }}
{%- set step = segmentloom.fold_step() %}

{{ segmentloom.write_step(step) }}

with

events as (

    select * from ({{ segmentloom.events_to_fold(step, ref('segmentloom__events')) }}) as folded

    where
        is_new
        and type = 'alias'
        and previous_id is not null

),

identified as (

    {{ segmentloom.usable_identifiers('events') }}

)

select
    source_id,
    event_id,
    occurred_at,
    usable_user_id as user_id,
    previous_id,
    cast({{ step.to_batch }} as {{ dbt.type_bigint() }}) as batch

from identified
