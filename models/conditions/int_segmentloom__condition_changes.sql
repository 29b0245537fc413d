{#- One row per profile whose conditions were looked at again, with the number of the change. Written by int_segmentloom__conditions. -#}
{{
    config(
        materialized='incremental',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

{{ segmentloom.audience_table_columns('condition_changes') }}
