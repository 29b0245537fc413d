{#- One row per audience and member now. Its rows come from `publish_audiences`, once an audience and its tests have passed. -#}
{{
    config(
        materialized='incremental',
        full_refresh=false,
        cluster_by=segmentloom.cluster_column('audience'),
        on_schema_change='append_new_columns',
    )
}}

{{ segmentloom.audience_table_columns('members') }}
