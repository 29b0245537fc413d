{#- A view: seldom read, so that a build need not look at all deliveries for it, and right by itself at any time. -#}
{{ config(materialized='view', alias='rejected_events') }}

with

landed as (

    select * from {{ source('segmentloom_raw', 'rejected_events') }}

),

refused as (

    select * from {{ ref('stg_segmentloom__deliveries') }}

    where reason is not null

),

final as (

    select source_id, load_id, line_number, reason, raw, received_at, loaded_at

    from landed

    union all

    select source_id, load_id, line_number, reason, content as raw, received_at, loaded_at

    from refused

)

select * from final
