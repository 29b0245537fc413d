{#- One row per link whose latest decision is to unmerge, in the direction that links have. -#}

with

decisions as (

    select
        *,
        {{ segmentloom.graph_key('identifier_type', 'identifier_value') }} as one_key,
        {{ segmentloom.graph_key('other_type', 'other_value') }} as two_key

    from {{ ref('segmentloom__identity_overrides') }}

),

latest as (

    select *

    from decisions

    where true

    qualify row_number() over (
        partition by least(one_key, two_key), greatest(one_key, two_key)
        order by decided_at desc, override_id desc
    ) = 1

),

unmerged as (

    select * from latest

    where action = 'unmerge'

)

select one_key as identifier_key, two_key as other_key, override_id, reason, requested_by from unmerged

union all

select two_key as identifier_key, one_key as other_key, override_id, reason, requested_by from unmerged
