{#- One row per owner whose counts changed, or whose events may have changed a condition that no count answers, with the number of the change. Written by int_segmentloom__event_counts. -#}
{{
    config(
        materialized='incremental',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

select
    cast(null as {{ segmentloom.type_identifier_key() }}) as owner_key,
    cast(null as {{ dbt.type_bigint() }}) as batch

from (select 1 as one) as nobody

where 1 = 0
