{#- One row per link and rule that refuses it, by the identifier that the rule looked at. Written by int_segmentloom__identity_map. -#}
{{
    config(
        materialized='incremental',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

{{ segmentloom.identity_table_columns('refused_links') }}
