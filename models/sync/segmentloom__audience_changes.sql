{#- One row per change of an audience's definition that was published. Its rows come from `publish_audiences`. -#}
{{
    config(
        alias='audience_changes',
        materialized='incremental',
        full_refresh=false,
        cluster_by=segmentloom.cluster_column('audience'),
        on_schema_change='append_new_columns',
    )
}}

{{ segmentloom.audience_table_columns('audience_changes') }}
