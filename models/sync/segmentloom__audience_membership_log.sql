{#- One row per profile that entered or left an audience, ever. Its rows come from `publish_audiences`. -#}
{{
    config(
        alias='audience_membership_log',
        materialized='incremental',
        full_refresh=false,
        cluster_by=segmentloom.cluster_column('audience'),
        on_schema_change='append_new_columns',
    )
}}

{{ segmentloom.audience_table_columns('audience_membership_log') }}
