{#- One row per merge, split and rename of profiles: appended by int_segmentloom__identity_map, never changed. -#}
{{
    config(
        alias='profile_merges',
        materialized='incremental',
        full_refresh=false,
        transient=false,
        on_schema_change='append_new_columns',
    )
}}

{{ segmentloom.identity_table_columns('profile_merges') }}
