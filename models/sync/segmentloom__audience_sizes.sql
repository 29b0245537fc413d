{#- One row per audience and evaluation. Its rows come from `publish_audiences`. -#}
{{
    config(
        alias='audience_sizes',
        materialized='incremental',
        full_refresh=false,
        cluster_by=segmentloom.cluster_column('audience'),
        on_schema_change='append_new_columns',
    )
}}

{{ segmentloom.audience_table_columns('audience_sizes') }}
