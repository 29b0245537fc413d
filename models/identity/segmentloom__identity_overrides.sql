{#- One row per decision on a link: `segmentloom-sync identity unmerge` and `remerge` append it, the next build applies it. -#}
{{
    config(
        alias='identity_overrides',
        materialized='incremental',
        full_refresh=false,
        transient=false,
        on_schema_change='append_new_columns',
    )
}}

{{ segmentloom.identity_table_columns('identity_overrides') }}
