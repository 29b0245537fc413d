{#- One row per profile: its traits, each the latest value that the profile's events gave it. -#}
{{ config(materialized='table') }}

with

events as (

    select
        profile_id,
        source_id,
        event_id,
        occurred_at,
        case when type = 'identify' then traits end as traits,
        {{ segmentloom.json_member('context', 'traits') }} as context_traits

    from {{ ref('int_segmentloom__owned_events') }}

),

entries as (

    select *, 1 as rank_on_event from (
        {{ segmentloom.json_entries('events', 'traits', ['profile_id', 'source_id', 'event_id', 'occurred_at']) }}
    ) as event_entries

    union all

    select *, 2 as rank_on_event from (
        {{ segmentloom.json_entries('events', 'context_traits', ['profile_id', 'source_id', 'event_id', 'occurred_at']) }}
    ) as context_entries

),

latest as (

    select profile_id, entry_key, entry_value

    from entries

    where true

    qualify row_number() over (
        partition by profile_id, entry_key
        order by occurred_at desc, source_id desc, event_id desc, rank_on_event asc, entry_value desc
    ) = 1

),

texts as (

    select
        profile_id,
        '{' || {{ dbt.listagg(
            measure=segmentloom.json_to_text('entry_key') ~ " || ':' || entry_value",
            delimiter_text="','",
            order_by_clause='order by entry_key',
        ) }} || '}' as traits

    from latest

    where entry_value <> 'null'

    group by profile_id

)

select
    profile_id,
    {{ segmentloom.json_from_text('traits') }} as traits

from texts
