{#- One row per profile that gave a phone number: the one seen last. -#}
{{ config(materialized='table') }}

with

events as (

    select * from {{ ref('int_segmentloom__owned_events') }}

    where
        {{ segmentloom.json_raw_text('traits', ['phone']) }} is not null
        or {{ segmentloom.json_raw_text('context', ['traits', 'phone']) }} is not null

),

statements as (

    select
        profile_id,
        occurred_at,
        coalesce(
            case
                when type <> 'group' and {{ segmentloom.json_kind('traits', ['phone']) }} in ('string', 'number')
                    then {{ segmentloom.trim_blanks(segmentloom.json_text('traits', ['phone'])) }}
            end,
            case
                when {{ segmentloom.json_kind('context', ['traits', 'phone']) }} in ('string', 'number')
                    then {{ segmentloom.trim_blanks(segmentloom.json_text('context', ['traits', 'phone'])) }}
            end
        ) as phone

    from events

)

select
    statements.profile_id,
    statements.phone

from statements
left join {{ ref('int_segmentloom__blocked_identifiers') }} as blocked
    on
        blocked.identifier_type = 'phone'
        and blocked.identifier_value = lower(statements.phone)

where
    statements.phone is not null
    and blocked.identifier_value is null

qualify row_number() over (
    partition by statements.profile_id
    order by statements.occurred_at desc, statements.phone desc
) = 1
