{#- One row per published audience: as of when its members are. Its rows come from `publish_audiences`. -#}
{{
    config(
        materialized='incremental',
        full_refresh=false,
        cluster_by=segmentloom.cluster_column('audience'),
        on_schema_change='append_new_columns',
    )
}}

{{ segmentloom.audience_table_columns('publications') }}
