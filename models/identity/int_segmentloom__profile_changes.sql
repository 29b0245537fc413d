{#- One row per profile to derive again, with the number of the change that touched it. Written by int_segmentloom__identity_map. -#}
{{
    config(
        materialized='incremental',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

{{ segmentloom.identity_table_columns('profile_changes') }}
