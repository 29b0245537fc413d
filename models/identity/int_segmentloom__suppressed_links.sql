{#- One row per link whose latest decision is to unmerge, in the direction that links have. -#}

with

latest as (

    {{ segmentloom.latest_decisions() }}

),

unmerged as (

    select * from latest

    where action = 'unmerge'

)

select one_key as identifier_key, two_key as other_key, override_id, reason, requested_by from unmerged

union all

select two_key as identifier_key, one_key as other_key, override_id, reason, requested_by from unmerged
